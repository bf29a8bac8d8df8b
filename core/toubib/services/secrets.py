"""Fingerprints of secrets: what the database keeps of tokens and codes."""

import hashlib
import hmac


def fingerprint(secret: str) -> str:
    """The stored form of a high-entropy token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def code_fingerprint(code: str, salt: str) -> str:
    """The stored form of a short code, salted by the row it belongs to.

    A six-digit code has too little entropy for any hash to hide it; its protection is few tries and a short life.
    """
    return hashlib.sha256(f"{salt}\0{code}".encode()).hexdigest()


def matches(stored: str, given: str) -> bool:
    """Compare in constant time, whatever signs were given."""
    return hmac.compare_digest(stored.encode(), given.encode(errors="replace"))


def planner_key(account_id: str) -> str:
    """What binds an unfinished visit to the member of staff who books it for a patient, as a visitor's key binds it to their browser."""
    return f"planned-by:{account_id}"
