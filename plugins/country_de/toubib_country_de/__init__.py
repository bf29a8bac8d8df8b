"""Germany: identifiers and their checks, emergency numbers, prescription mentions, holidays, a sample of places."""
