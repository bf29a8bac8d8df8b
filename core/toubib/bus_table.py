"""The bus of several processes on one machine with SQLite: a table that each process that subscribes looks at.

Looking is cheap: SQLite counts the commits of others (`PRAGMA data_version`), and only when that count moved is the table
read, from the last row seen on. Rows are swept after a few minutes by a job.
"""

import json
import threading
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, delete, func, literal_column, select
from sqlmodel import col

from toubib.bus import Live, LocalBus, Subscription
from toubib.contracts.jobs import Payload
from toubib.db.installation import database, vault
from toubib.db.tables.machinery import BusMessage
from toubib.seams import clock, randomness

log = structlog.get_logger("toubib.bus")

LOOK_SECONDS, AGAIN_SECONDS = 0.05, 1.0
KEPT = timedelta(minutes=5)
ROWID: Any = literal_column("rowid")


class TableBus(LocalBus):
    """Messages to this process go straight to its queues, those to all others through the table."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._me = randomness.new_id()
        self._looker: threading.Thread | None = None
        self._start = threading.Lock()
        self._stop = threading.Event()
        self._seen = 0

    def subscribe(self, channel: str) -> Subscription:
        """Begin to listen; the first one begins to look."""
        subscription = super().subscribe(channel)
        with self._start:
            if self._looker is None:
                self._seen = _newest()
                self._looker = threading.Thread(target=self._look, daemon=True, name="bus")
                self._looker.start()
        return subscription

    def close(self) -> None:
        """End the looking thread."""
        self._stop.set()
        if self._looker is not None:
            self._looker.join(1)

    def _send(self, channel: str, message: Live) -> None:
        self.deliver(channel, message)
        row = BusMessage(channel=channel, at=clock.now())
        vault().seal(row, "body", json.dumps([self._me, message]))
        with database().unit_of_work() as writing:
            writing.add(row)

    def _look(self) -> None:
        known = -1
        while not self._stop.wait(LOOK_SECONDS):
            try:
                with self._engine.connect() as connection:
                    raw = connection.connection.dbapi_connection
                    while not self._stop.wait(LOOK_SECONDS):
                        version = raw.execute("PRAGMA data_version").fetchone()[0]  # type: ignore[union-attr]
                        if version != known:
                            known = version
                            self._read()
            except Exception:
                log.exception("the bus will look again")
                known = -1
                self._stop.wait(AGAIN_SECONDS)

    def _read(self) -> None:
        newest = _newest()
        if newest < self._seen:
            # the file was rewritten (VACUUM) and its rows counted anew
            self._seen = newest
            self.lag()
        for rowid, row in _after(self._seen):
            self._seen = rowid
            sender, message = json.loads(vault().read(row, "body"))
            if sender != self._me:
                self.deliver(row.channel, message)


def _newest() -> int:
    with database().reading() as reading:
        return int(reading.execute(select(func.max(ROWID)).select_from(BusMessage)).scalar_one() or 0)


def _after(rowid: int) -> list[tuple[int, BusMessage]]:
    with database().reading() as reading:
        found = reading.execute(select(ROWID, BusMessage).where(rowid < ROWID).order_by(ROWID)).all()
    return [(int(number), row) for number, row in found]


def sweep(_payload: Payload) -> None:
    """Job, every minute: take away what every process has read long ago. The newest row stays, since SQLite counts on from it."""
    with database().unit_of_work() as writing:
        newest = select(col(BusMessage.id)).order_by(col(BusMessage.at).desc()).limit(1).scalar_subquery()
        old = (col(BusMessage.at) < clock.now() - KEPT) & (col(BusMessage.id) != newest)
        writing.execute(delete(BusMessage).where(old))
