"""What the double remembers: its own small SQLite file, so that a restart keeps every object, key and delivery."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, hidden TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (account, kind, seq);
CREATE TABLE IF NOT EXISTS answers (
    account TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, due REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting', answer TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(slots=True)
class Record:
    """One object: `body` is what Stripe would show, `hidden` what only the double knows of it."""

    id: str
    account: str
    kind: str
    body: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)


class Store:
    """One connection, one lock: a request is one transaction, and requests come one after the other."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.executescript(TABLES)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what happens inside; may not be nested."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Run one statement; other threads wait, so nobody sees a half-done transaction."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def add(self, record: Record) -> None:
        """A new object."""
        self._rows(
            "INSERT INTO objects (id, account, kind, body, hidden) VALUES (?, ?, ?, ?, ?)",
            (record.id, record.account, record.kind, json.dumps(record.body), json.dumps(record.hidden)),
        )

    def save(self, record: Record) -> None:
        """The object as it is now."""
        self._rows("UPDATE objects SET body = ?, hidden = ? WHERE id = ?", (json.dumps(record.body), json.dumps(record.hidden), record.id))

    def find(self, ref: str) -> Record | None:
        """The object of that id, of whatever account."""
        rows = self._rows("SELECT id, account, kind, body, hidden FROM objects WHERE id = ?", (ref,))
        return _record(rows[0]) if rows else None

    def every(self, kind: str, account: str | None = None, match: Mapping[str, str] | None = None) -> list[Record]:
        """Objects of a kind, newest first; `match` compares top-level fields."""
        sql, values = "SELECT id, account, kind, body, hidden FROM objects WHERE kind = ?", [kind]
        if account is not None:
            sql, values = f"{sql} AND account = ?", [*values, account]
        for name, value in (match or {}).items():
            sql, values = f"{sql} AND json_extract(body, ?) = ?", [*values, f"$.{name}", value]
        return [_record(row) for row in self._rows(f"{sql} ORDER BY seq DESC", values)]

    def accounts(self) -> list[str]:
        """Connected accounts that own anything."""
        return [row[0] for row in self._rows("SELECT DISTINCT account FROM objects WHERE account <> '' ORDER BY account")]

    def answer(self, account: str, key: str) -> tuple[str, int, str, int] | None:
        """What was answered to that idempotency key: request digest, status, body, when."""
        rows = self._rows("SELECT request, status, body, at FROM answers WHERE account = ? AND key = ?", (account, key))
        return rows[0] if rows else None

    def keep_answer(self, account: str, key: str, request: str, status: int, body: str, at: int) -> None:
        """Remember an answer for replays."""
        self._rows("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", (account, key, request, status, body, at))

    def setting(self, name: str) -> Any:
        """A control value, or None."""
        rows = self._rows("SELECT value FROM settings WHERE name = ?", (name,))
        return json.loads(rows[0][0]) if rows else None

    def set(self, name: str, value: Any) -> None:
        """Keep a control value."""
        self._rows("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def queue(self, event: str, due: float) -> None:
        """An event to be delivered from machine time `due` on."""
        self._rows("INSERT INTO deliveries (event, due) VALUES (?, ?)", (event, due))

    def waiting(self, until: float | None = None, *, again: bool = False) -> list[tuple[int, str, int]]:
        """Deliveries not yet accepted, oldest first: id, event, tries so far; those due at `until`, or all; `again` adds the accepted ones."""
        sql = "SELECT id, event, tries FROM deliveries WHERE due <= ? AND (state = 'waiting' OR ?) ORDER BY id"
        return self._rows(sql, (until if until is not None else 1e18, again))

    def delivered(self, delivery: int, state: str, tries: int, due: float, answer: str) -> None:
        """The result of a try."""
        self._rows("UPDATE deliveries SET state = ?, tries = ?, due = ?, answer = ? WHERE id = ?", (state, tries, due, answer, delivery))

    def deliveries(self) -> list[dict[str, Any]]:
        """The log of deliveries, oldest first."""
        rows = self._rows("SELECT id, event, tries, state, answer FROM deliveries ORDER BY id")
        return [dict(zip(("id", "event", "tries", "state", "answer"), row, strict=True)) for row in rows]


def _record(row: tuple[str, str, str, str, str]) -> Record:
    return Record(row[0], row[1], row[2], json.loads(row[3]), json.loads(row[4]))
