"""The command line: `toubib serve | worker | db | demo | plugin | user | keys | audit | claims`, and what plugins add."""

from toubib.cli.main import main

__all__ = ["main"]
