"""The database as plugins may use it: base table, columns, and joining the unit of work."""

from toubib.db.installation import database, vault
from toubib.db.types import Sealed, Table, UTCDateTime, document, instant, listing, sealed
from toubib.db.wall import across_organisations
from toubib.db.work import NoUnitOfWork, UnitOfWorkOpen, actor, is_open, require_outside, session

__all__ = [
    "NoUnitOfWork",
    "Sealed",
    "Table",
    "UTCDateTime",
    "UnitOfWorkOpen",
    "across_organisations",
    "actor",
    "database",
    "document",
    "instant",
    "is_open",
    "listing",
    "require_outside",
    "sealed",
    "session",
    "vault",
]
