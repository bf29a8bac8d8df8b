"""Pages for the desk of a sponsor: statements and members."""
