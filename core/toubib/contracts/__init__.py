"""The promise to plugin authors, and nothing else: one module per concern."""
