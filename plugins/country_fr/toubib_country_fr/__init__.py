"""France: identifiers and their checks, emergency numbers, prescription limits and mentions, holidays, places."""
