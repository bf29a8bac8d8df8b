"""Advice: a paid question in writing, answered in time, and a chat by the minute."""

__version__ = "0.1.0"
