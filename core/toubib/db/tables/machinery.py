"""The machinery: audit trail and its seals, events, jobs, notifications, limits."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from toubib.db.types import Table, document, instant, listing, sealed

TECHNICAL = "technical row: ids only"


class AuditEvent(Table, table=True):
    """Who did or read what, written in the transaction of the effect, never changed (the database refuses)."""

    __tablename__ = "audit_event"
    global_because: ClassVar[str] = "one chain for the installation; rows name their organisation where they have one"
    at: datetime = instant(default_now=True, index=True)
    organisation_id: str = Field(default="", index=True)
    actor_kind: str
    actor_id: str = ""
    actor_person_id: str = Field(default="", index=True)
    acting_for: str = ""
    action: str
    object_kind: str
    object_ids: list[str] = listing()
    person_id: str = Field(default="", index=True)
    reason: str = ""


class AuditSeal(Table, table=True):
    """A link of the chain: the hash over the event and the link before. `position` has no gaps."""

    __tablename__ = "audit_seal"
    global_because: ClassVar[str] = TECHNICAL
    position: int = Field(unique=True)
    event_id: str = Field(foreign_key="audit_event.id", unique=True)
    previous: str
    link: str
    sealed_at: datetime = instant(default_now=True)


class AuditPending(Table, table=True):
    """An event without a link: its id. Written by the database beside every event, taken away by the sealer."""

    __tablename__ = "audit_pending"
    global_because: ClassVar[str] = TECHNICAL


class EventRow(Table, table=True):
    """An event as published in a transaction; each observer has a job from it."""

    __tablename__ = "event"
    global_because: ClassVar[str] = TECHNICAL
    name: str = Field(index=True)
    subject_kind: str
    subject_id: str = Field(index=True)
    organisation_id: str = ""
    schema_version: int = 1
    at: datetime = instant(default_now=True)


class JobRow(Table, table=True):
    """A piece of background work. Leased by a worker until `leased_until`; taken by another after that."""

    __tablename__ = "job"
    global_because: ClassVar[str] = TECHNICAL
    name: str = Field(index=True)
    payload: dict[str, Any] = document()
    payload_version: int = 1
    key: str | None = Field(default=None, unique=True)
    state: str = Field(default="ready", index=True)
    run_at: datetime = instant(default_now=True, index=True)
    attempts: int = 0
    leased_by: str = ""
    leased_until: datetime | None = instant(optional=True)
    last_error: str = ""
    created_at: datetime = instant(default_now=True)
    finished_at: datetime | None = instant(optional=True)


class NotificationRow(Table, table=True):
    """A message to a person: written with what it tells of, sent by a job, once."""

    __tablename__ = "notification"
    organisation_id: str | None = Field(default=None, foreign_key="organisation.id", index=True)
    global_because: ClassVar[str] = "a login code belongs to no organisation"
    person_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    encounter_id: str | None = Field(default=None, foreign_key="encounter.id")
    channel: str = "mail"
    template: str
    address: bytes | None = sealed()
    body: bytes | None = sealed()
    status: str = "queued"
    created_at: datetime = instant(default_now=True)
    sent_at: datetime | None = instant(optional=True)


class RateCount(Table, table=True):
    """How often something was tried in a window (codes asked, codes typed)."""

    __tablename__ = "rate_count"
    global_because: ClassVar[str] = TECHNICAL
    __table_args__ = (UniqueConstraint("name", "window"),)
    name: str
    window: str
    count: int = 0


class ProviderState(Table, table=True):
    """How an outside service answers, over all processes: how often in a row it did not, and until when it is left alone."""

    __tablename__ = "provider_state"
    global_because: ClassVar[str] = TECHNICAL
    name: str = Field(unique=True)
    failures: int = 0
    rests_until: datetime | None = instant(optional=True)
    last_ms: int = 0
    last_error: str = ""
    answered_at: datetime | None = instant(optional=True)
    failed_at: datetime | None = instant(optional=True)


class BusMessage(Table, table=True):
    """A live message too large for a notification channel, or for other processes of one SQLite machine."""

    __tablename__ = "bus_message"
    global_because: ClassVar[str] = TECHNICAL
    channel: str = Field(index=True)
    body: bytes | None = sealed()
    at: datetime = instant(default_now=True, index=True)
