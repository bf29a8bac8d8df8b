"""Key rotation: everything sealed anew under a fresh key, row by row, while the installation runs.

Reading works throughout, since old keys stay in the ring until no row needs them. Whoever sealed a text before the fresh key
was there may commit it later: so the old keys are forgotten only after a wait longer than any unit of work, and a second look.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, inspect, select, update

from toubib import runtime
from toubib.db.installation import database, vault
from toubib.db.types import Sealed
from toubib.db.types import Table as Base
from toubib.db.vault import VaultError, key_id_of
from toubib.db.work import require_outside

Progress = Callable[[int, int], None]
Place = tuple[Table, Column[bytes], str]

SETTLE_SECONDS = 90.0
"""Longer than a unit of work can last: the databases end one that is idle after 60 seconds."""

UNFINISHED = ".new"


def rotate(progress: Progress = lambda _now, _total: None, *, settle: float = SETTLE_SECONDS) -> int:
    """Add a key, seal everything under it, forget the others; returns how many texts and files were sealed anew.

    Waits `settle` seconds for work that began under the old key. Stopped half-way it loses nothing: run it again.
    """
    require_outside("key rotation")
    active = vault().key_ring.add_key()
    done = _reseal_all(active, progress)
    time.sleep(settle)
    done += _reseal_all(active, progress)
    vault().key_ring.retire()
    return done


def _reseal_all(active: str, progress: Progress) -> int:
    done = total = 0
    while found := list(_stale(active)):
        total += len(found)
        for table, column, row_id in found:
            _reseal(table, column, row_id, active)
            done += 1
            progress(done, total)
    return done + sum(_reseal_blob(path, active) for path in _blobs())


def sealed_columns(connection: Connection) -> Iterator[tuple[Table, Column[bytes]]]:
    """Every column that holds sealed text, also of plugins that are not listed now and left their tables."""
    existing = inspect(connection).get_table_names()
    for name in sorted(existing):
        known = Base.metadata.tables.get(name)
        table = known if known is not None else Table(name, MetaData(), autoload_with=connection)
        for column in table.columns:
            if isinstance(column.type, Sealed if known is not None else LargeBinary) and "id" in table.c:
                yield table, column


def _stale(active: str) -> Iterator[Place]:
    with database().reading() as reading:
        for table, column in sealed_columns(reading.connection()):
            for row_id, content in reading.execute(select(table.c.id, column).where(column.is_not(None))):
                if _under_another(content, active, ours=table.name in Base.metadata.tables):
                    yield table, column, row_id


def _under_another(content: bytes, active: str, *, ours: bool) -> bool:
    """Whether bytes are sealed under another key. In a table nobody describes, other bytes are left alone."""
    try:
        key_id = key_id_of(content)
    except VaultError:
        if ours:
            raise
        return False
    return key_id != active and (ours or key_id in vault().key_ring.ring().keys)


def _reseal(table: Table, column: Column[bytes], row_id: str, active: str) -> None:
    bound_to = f"{table.name}.{column.name}:{row_id}"
    with database().unit_of_work() as writing:
        content = writing.execute(select(column).where(table.c.id == row_id).with_for_update()).scalar_one_or_none()
        if content is not None and key_id_of(content) != active:
            fresh = vault().seal_bytes(vault().open_bytes(content, bound_to), bound_to)
            writing.execute(update(table).where(table.c.id == row_id).values({column.name: fresh}))


def _blobs() -> Iterator[Path]:
    return runtime.current().settings.storage.data.glob("blobs/??/*")


def _reseal_blob(path: Path, active: str) -> int:
    if path.suffix == UNFINISHED:
        path.unlink(missing_ok=True)  # a rotation that was stopped left it
        return 0
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return 0  # swept in the meantime
    if key_id_of(content) == active:
        return 0
    bound_to = f"blob:{path.name}"
    fresh = path.with_suffix(UNFINISHED)
    with fresh.open("wb") as file:
        file.write(vault().seal_bytes(vault().open_bytes(content, bound_to), bound_to))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return 1
