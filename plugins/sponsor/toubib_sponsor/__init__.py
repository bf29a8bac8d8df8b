"""Sponsor: an insurer or employer pays all or part for its members."""

__version__ = "0.1.0"
