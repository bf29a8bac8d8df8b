"""Credentialing: practitioners apply, reviewers decide, expiry takes effect by the clock."""

__version__ = "0.1.0"
