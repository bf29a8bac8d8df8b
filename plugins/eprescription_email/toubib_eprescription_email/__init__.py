"""Prescription carrier: a sealed PDF whose authenticity anybody can check, and a mail with a link."""

__version__ = "0.1.0"
