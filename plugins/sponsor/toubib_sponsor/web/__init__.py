"""Pages for the desk of a sponsor (statements, codes) and for administrators (what arrived)."""
