"""The core's tables: what two plugins need, or what the law wants after a plugin is gone.

Importing this package registers every one of them.
"""

from toubib.db.tables import (
    access,
    agenda,
    claims,
    directory,
    journey,
    machinery,
    money,
    people,
    prescriptions,
    requests,
    room,
)

__all__ = [
    "access",
    "agenda",
    "claims",
    "directory",
    "journey",
    "machinery",
    "money",
    "people",
    "prescriptions",
    "requests",
    "room",
]
