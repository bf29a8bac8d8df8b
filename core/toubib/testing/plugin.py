"""Fixtures for tests of the core and of plugins, known to pytest through the entry point `pytest11`."""
