"""What a form or an address gives back, read without trust."""

from datetime import UTC, datetime

YEARS = range(1900, 2200)


def instant(text: str) -> datetime | None:
    """An instant in UTC; `None` when it cannot be read, has no offset, or lies so far away that nothing can be counted from it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo and at.year in YEARS else None
