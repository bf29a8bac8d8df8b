"""The bus of several processes on PostgreSQL: LISTEN and NOTIFY, one listening thread in each process that subscribes.

A notification takes less than 8000 bytes; a larger message lies sealed in a table for a few minutes and only its id is
notified. When the listening connection breaks, it is made again, and every subscription is told that it may have missed
something.
"""

import json
import threading
from typing import Any

import psycopg
import structlog
from sqlalchemy import Engine, func, select

from toubib.bus import Live, LocalBus, Subscription
from toubib.db.installation import database, vault
from toubib.db.tables.machinery import BusMessage
from toubib.seams import randomness

log = structlog.get_logger("toubib.bus")

CHANNEL = "toubib_bus"
LARGEST = 7900
"""Bytes of a notification; PostgreSQL refuses 8000 and more."""

READY_SECONDS = 5.0
WAKE_SECONDS = 0.5
AGAIN_SECONDS = 1.0
KEEPALIVE: dict[str, Any] = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "connect_timeout": 5}


class PostgresBus(LocalBus):
    """Messages to this process go straight to its queues, those to all others through the database."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._me = randomness.new_id()
        self._listener: threading.Thread | None = None
        self._start = threading.Lock()
        self._ready, self._stop = threading.Event(), threading.Event()

    def subscribe(self, channel: str) -> Subscription:
        """Begin to listen; the first one waits until the process hears the others."""
        subscription = super().subscribe(channel)
        with self._start:
            if self._listener is None:
                self._listener = threading.Thread(target=self._listen, daemon=True, name="bus")
                self._listener.start()
        self._ready.wait(READY_SECONDS)
        return subscription

    def close(self) -> None:
        """End the listening thread."""
        self._stop.set()
        if self._listener is not None:
            self._listener.join(WAKE_SECONDS + 1)

    def _send(self, channel: str, message: Live) -> None:
        self.deliver(channel, message)
        text = json.dumps([self._me, channel, message])
        if len(text.encode()) > LARGEST:
            text = json.dumps([self._me, channel, _stored(channel, json.dumps(message))])
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(select(func.pg_notify(CHANNEL, text)))

    def _listen(self) -> None:
        _, where = self._engine.dialect.create_connect_args(self._engine.url)
        while not self._stop.is_set():
            try:
                with psycopg.connect(**where, **KEEPALIVE, autocommit=True) as connection:
                    self._hear(connection)
            except Exception:
                log.exception("the bus will listen again")
                self._stop.wait(AGAIN_SECONDS)

    def _hear(self, connection: "psycopg.Connection[Any]") -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        if self._ready.is_set():
            self.lag()
        self._ready.set()
        while not self._stop.is_set():
            for notice in connection.notifies(timeout=WAKE_SECONDS):
                self._received(notice.payload)

    def _received(self, payload: str) -> None:
        sender, channel, message = json.loads(payload)
        if sender == self._me:
            return
        if isinstance(message, str):
            message = _fetched(message)
        self.deliver(channel, message)


def _stored(channel: str, body: str) -> str:
    """Keep a large message; returns the id that is notified in its place."""
    row = BusMessage(channel=channel)
    vault().seal(row, "body", body)
    with database().unit_of_work() as writing:
        writing.add(row)
    return row.id


def _fetched(message_id: str) -> Live:
    """A large message; whoever comes too late for it reads the state again."""
    with database().reading() as reading:
        row = reading.get(BusMessage, message_id)
        message: Live = json.loads(vault().read(row, "body")) if row else {"type": "lagged"}
    return message
