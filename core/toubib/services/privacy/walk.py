"""Which rows of the core are about a person: found by following the keys of the tables, so that a new table is never forgotten.

From the person down: their visits, dues, files, account, and what hangs on those. Never through a practitioner, a practice or a
time, where other patients would come along; and no row that names somebody else as its person.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from toubib.db import session, vault
from toubib.db.tables.directory import Practitioner, PractitionerRole
from toubib.db.tables.machinery import AuditEvent
from toubib.db.tables.people import Person, RelatedPerson
from toubib.db.types import Sealed, Table, tables

OWN = ("person_id", "debtor_person_id")
"""Columns that say whom a row is about; others (who booked, who helps) name somebody beside."""

SHARED = frozenset({"organisation", "location", "practitioner", "practitioner_role", "occupancy", "ledger_account", "audit_event"})
"""Tables whose children belong to many persons."""

OTHERS_TOO = {("claim", "payload")}
"""A claim may hold the items of several patients; one's own stand in `claim_item`."""

SECRET = ("_hash", "_index", "totp_secret", "totp_last_step", "blob")
BATCH = 500

Found = Mapping[type[Table], Sequence[Any]]


def core_tables() -> list[type[Table]]:
    """The core's own tables, by name."""
    own = [table for table in tables() if table.__module__.startswith("toubib.db.tables")]
    return sorted(own, key=lambda table: str(table.__tablename__))


def rows_about(person_id: str) -> Found:
    """Every row of the core about a person, by table. Inside a unit of work of the machine."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    found["person"] = {person_id: session().get_one(Person, person_id)}
    before = 0
    while before != (now := sum(map(len, found.values()))):
        before = now
        for table in core_tables():
            known = found[str(table.__tablename__)]
            known |= {row.id: row for row in _children(table, found) if _theirs(row, person_id)}
    events = session().exec(select(AuditEvent).where(AuditEvent.person_id == person_id).order_by(col(AuditEvent.at)))
    helps = session().exec(select(RelatedPerson).where(RelatedPerson.helper_id == person_id))
    found["audit_event"] = {row.id: row for row in events}
    found["practitioner"] = {row.id: row for row in [session().get(Practitioner, person_id)] if row}
    roles = session().exec(select(PractitionerRole).where(PractitionerRole.practitioner_id == person_id))
    found["practitioner_role"] = {row.id: row for row in roles}
    found["related_person"] |= {row.id: row for row in helps}
    return {table: list(rows.values()) for table in core_tables() if (rows := found[str(table.__tablename__)])}


def _children(table: type[Table], found: Mapping[str, Mapping[str, Any]]) -> Iterator[Any]:
    """Rows that point to a row that was found."""
    for key in _keys(table):
        parents = list(found.get(key.column.table.name, ()))
        for start in range(0, len(parents), BATCH):
            batch = parents[start : start + BATCH]
            yield from session().exec(select(table).where(_column(table, key.parent.name).in_(batch)))


def _keys(table: type[Table]) -> Iterator[Any]:
    for key in Table.metadata.tables[str(table.__tablename__)].foreign_keys:
        target = key.column.table.name
        if target not in SHARED and (target != "person" or key.parent.name in OWN):
            yield key


def _column(table: type[Table], name: str) -> Any:
    return col(getattr(table, name))


def _theirs(row: Table, person_id: str) -> bool:
    return all(getattr(row, name, None) in (None, person_id) for name in OWN)


def as_json(row: Table) -> dict[str, Any]:
    """A row as its person may read it: sealed texts opened, secrets and technical marks left out."""
    columns = Table.metadata.tables[str(row.__tablename__)].columns
    return {c.name: _value(row, c) for c in columns if not c.name.endswith(SECRET) and (row.__tablename__, c.name) not in OTHERS_TOO}


def _value(row: Table, column: Any) -> Any:
    if not isinstance(column.type, Sealed):
        value = getattr(row, column.name)
        return value if isinstance(value, str | int | bool | dict | list | None) else value.isoformat()
    text = vault().read(row, column.name)
    try:
        return json.loads(text) if text[:1] in "{[" else text
    except ValueError:
        return text


def sealed_columns(table: type[Table]) -> Iterable[str]:
    """The columns of a table that are encrypted."""
    return [c.name for c in Table.metadata.tables[str(table.__tablename__)].columns if isinstance(c.type, Sealed)]
