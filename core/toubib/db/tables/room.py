"""The room: presence, chat, notes and media sessions, whichever backend carries the picture."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from toubib.db.types import Table, instant, sealed


class Presence(Table, table=True):
    """A participant of an encounter's room, seen last when."""

    __tablename__ = "presence"
    __table_args__ = (UniqueConstraint("encounter_id", "participant_id"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    participant_id: str
    role: str
    display_name: bytes | None = sealed()
    joined_at: datetime = instant(default_now=True)
    last_seen_at: datetime = instant(default_now=True)
    left_at: datetime | None = instant(optional=True)


class MediaSession(Table, table=True):
    """One run of one media backend within an encounter (a fallback by telephone is another)."""

    __tablename__ = "media_session"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    backend: str
    opened_at: datetime = instant(default_now=True)
    closed_at: datetime | None = instant(optional=True)


class Segment(Table, table=True):
    """A stretch of a media session in one modality, by the server's clock; bills and claims read it."""

    __tablename__ = "media_segment"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    session_id: str = Field(foreign_key="media_session.id", index=True)
    modality: str
    started_at: datetime = instant()
    ended_at: datetime | None = instant(optional=True)
    reason: str = ""


class MediaQuality(Table, table=True):
    """What a participant's browser measured, for the operator: numbers only."""

    __tablename__ = "media_quality"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    session_id: str = Field(foreign_key="media_session.id", index=True)
    participant_role: str
    connect_ms: int = 0
    lost_permille: int = 0
    reconnections: int = 0
    at: datetime = instant(default_now=True)


class ChatMessage(Table, table=True):
    """Something written in the room, kept with the record."""

    __tablename__ = "chat_message"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    author_id: str
    author_role: str
    body: bytes | None = sealed()
    at: datetime = instant(default_now=True, index=True)


class Note(Table, table=True):
    """The practitioner's notes on an encounter. Private ones never reach the patient."""

    __tablename__ = "note"
    __table_args__ = (UniqueConstraint("encounter_id", "practitioner_role_id", "private"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    practitioner_role_id: str = Field(foreign_key="practitioner_role.id")
    private: bool = True
    body: bytes | None = sealed()
    version: int = 1
    updated_at: datetime = instant(default_now=True)
