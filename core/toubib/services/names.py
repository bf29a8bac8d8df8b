"""Folding names for search: accents, case, hyphens and ligatures do not matter."""

import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})


def fold(text: str) -> str:
    """Lower case without accents; hyphens, apostrophes and runs of spaces become one space."""
    lowered = text.casefold().translate(_LIGATURES)
    plain = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def slug(text: str) -> str:
    """A part of an address made of a name."""
    return fold(text).replace(" ", "-")
