"""The plugin's tables: who applied, with which documents, what was asked of the reviewers, and how each of them voted."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from toubib.db import Table, instant, listing

TABLES: tuple[str, ...] = (
    "credentialing_application",
    "credentialing_credential",
    "credentialing_question",
    "credentialing_vote",
    "credentialing_announcement",
)
APPLICANTS = "who applies has nothing to do with the organisation yet; each page asks whose application it is"
LIVE = text("state IN ('submitted', 'accepted', 'suspended')")


class Application(Table, table=True):
    """A person's wish to practise at an organisation. One is live at a time; a refused or withdrawn one stays as history."""

    __tablename__ = "credentialing_application"
    global_because: ClassVar[str] = APPLICANTS
    __table_args__ = (
        Index("uq_credentialing_application_live", "person_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        CheckConstraint("state IN ('submitted', 'accepted', 'refused', 'withdrawn', 'suspended')", name="state"),
    )
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    state: str = "submitted"
    display_name: str
    title: str = ""
    profession: str
    specialty: str = ""
    registry_key: str = ""
    registry_number: str = Field(index=True)
    languages: list[str] = listing()
    locale: str
    submitted_at: datetime = instant(default_now=True)
    closed_at: datetime | None = instant(optional=True)


class Credential(Table, table=True):
    """A proof: a file of the core with the last day on which it holds (none: for good)."""

    __tablename__ = "credentialing_credential"
    global_because: ClassVar[str] = APPLICANTS
    __table_args__ = (CheckConstraint("state IN ('submitted', 'accepted', 'refused')", name="state"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    application_id: str = Field(foreign_key="credentialing_application.id", index=True)
    kind: str
    document_id: str = Field(foreign_key="document.id")
    expires_on: date | None = None
    state: str = "submitted"
    added_at: datetime = instant(default_now=True)


class Question(Table, table=True):
    """What reviewers are asked: an application, a newer document, an end of a suspension. Decided once."""

    __tablename__ = "credentialing_question"
    global_because: ClassVar[str] = APPLICANTS
    __table_args__ = (CheckConstraint("kind IN ('application', 'renewal', 'reinstatement')", name="kind"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    application_id: str = Field(foreign_key="credentialing_application.id", index=True)
    credential_id: str | None = Field(default=None, foreign_key="credentialing_credential.id")
    kind: str
    opened_at: datetime = instant(default_now=True)
    outcome: str = ""
    decided_at: datetime | None = instant(optional=True)


class Vote(Table, table=True):
    """A reviewer's word on a question, with its reason. One each: the database sees to it."""

    __tablename__ = "credentialing_vote"
    global_because: ClassVar[str] = APPLICANTS
    __table_args__ = (UniqueConstraint("question_id", "reviewer_id"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    question_id: str = Field(foreign_key="credentialing_question.id", index=True)
    reviewer_id: str = Field(foreign_key="person.id", index=True)
    accept: bool
    reason: str
    at: datetime = instant(default_now=True)


class Announcement(Table, table=True):
    """An end that was announced, once for each threshold of days; 0 tells that it has come."""

    __tablename__ = "credentialing_announcement"
    global_because: ClassVar[str] = APPLICANTS
    __table_args__ = (UniqueConstraint("application_id", "ends_on", "days"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    application_id: str = Field(foreign_key="credentialing_application.id", index=True)
    ends_on: date
    days: int
    at: datetime = instant(default_now=True)
