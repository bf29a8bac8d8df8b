"""The database and vault of this process: set once by the start, replaced only by tests."""

from dataclasses import dataclass

from toubib.db.vault import Vault
from toubib.db.work import Database


@dataclass(frozen=True, slots=True)
class Storage:
    """Where this process keeps what it knows."""

    database: Database
    vault: Vault


class NotInstalled(Exception):
    """The application was not started: nothing to store into."""


_storage: Storage | None = None


def use(storage: Storage | None) -> Storage | None:
    """Install the storage of the process and return the one before."""
    global _storage
    before, _storage = _storage, storage
    return before


def _installed() -> Storage:
    if _storage is None:
        raise NotInstalled("start the application first (toubib.app.create_app)")
    return _storage


def database() -> Database:
    """The database of this process."""
    return _installed().database


def vault() -> Vault:
    """The vault of this process."""
    return _installed().vault
