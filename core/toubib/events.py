"""Publishing events: a row in the transaction, and a job for each observer, run after the commit."""

from collections.abc import Iterable

from toubib.contracts.common import Ref
from toubib.contracts.events import EVENTS, Event, Observer
from toubib.contracts.jobs import Handler, Job, Payload
from toubib.db import database, session
from toubib.db.tables.machinery import EventRow
from toubib.jobs.engine import JobEngine
from toubib.seams import randomness


class UnknownEvent(Exception):
    """An event that nobody declared."""


class Publisher:
    """Knows the observers and turns each event into their jobs."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)
        self._engine: JobEngine | None = None

    def jobs(self) -> list[Job]:
        """One job per observer, to be declared with all others."""
        return [Job(f"observe:{o.name}", self._handler(o)) for o in self._observers]

    def bind(self, engine: JobEngine) -> None:
        """Tell where to enqueue."""
        self._engine = engine

    def publish(self, name: str, subject: Ref, organisation_id: str) -> None:
        """Record an event in the open unit of work; its observers run after the commit."""
        if name not in EVENTS:
            raise UnknownEvent(name)
        if self._engine is None:
            raise RuntimeError("the publisher is not bound to a job engine")
        row = EventRow(
            id=randomness.new_id(), name=name, subject_kind=subject.kind, subject_id=subject.id, organisation_id=organisation_id
        )
        session().add(row)
        for observer in self._observers:
            if name in observer.events:
                self._engine.enqueue(f"observe:{observer.name}", {"event": row.id}, key=f"{observer.name}:{row.id}")

    @staticmethod
    def _handler(observer: Observer) -> Handler:
        def handle(payload: Payload) -> None:
            with database().reading() as reading:
                row = reading.get_one(EventRow, str(payload["event"]))
            observer.handler(Event(row.id, row.name, Ref(row.subject_kind, row.subject_id), row.organisation_id, row.at))

        return handle
