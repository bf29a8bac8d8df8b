"""Key rotation: everything sealed anew under a fresh key, row by row, while the installation runs.

Reading works throughout, since old keys stay in the ring until no row needs them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Column, Table, inspect, select, update

from toubib import runtime
from toubib.db.installation import database, vault
from toubib.db.types import Sealed
from toubib.db.types import Table as Base
from toubib.db.vault import key_id_of
from toubib.db.work import require_outside

Progress = Callable[[int, int], None]
BATCH = 200


def rotate(progress: Progress = lambda _now, _total: None) -> int:
    """Add a key, seal everything under it, forget the others; returns how many texts and files were sealed anew."""
    require_outside("key rotation")
    active = vault().key_ring.add_key()
    done = total = 0
    while found := list(_stale(active)):
        total += len(found)
        for table, column, row_id in found:
            _reseal(table, column, row_id, active)
            done += 1
            progress(done, total)
    for path in _blobs():
        done += _reseal_blob(path, active)
    vault().key_ring.retire()
    return done


def sealed_columns() -> Iterator[tuple[Table, Column[bytes]]]:
    """Every column of every table that holds sealed text."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed):
                yield table, column


def _stale(active: str) -> Iterator[tuple[Table, Column[bytes], str]]:
    with database().reading() as reading:
        existing = set(inspect(reading.connection()).get_table_names())
        for table, column in sealed_columns():
            if table.name in existing:
                for row_id, content in reading.execute(select(table.c.id, column).where(column.is_not(None))):
                    if key_id_of(content) != active:
                        yield table, column, row_id


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
    content = path.read_bytes()
    if key_id_of(content) == active:
        return 0
    bound_to = f"blob:{path.name}"
    fresh = path.with_suffix(".new")
    fresh.write_bytes(vault().seal_bytes(vault().open_bytes(content, bound_to), bound_to))
    fresh.replace(path)
    return 1
