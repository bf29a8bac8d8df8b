"""The plugin's tables. What must outlive it (letters, segments, money, who answered) is the core's."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from toubib.db import Table, instant, sealed

TABLES: tuple[str, ...] = ("advice_question", "advice_file", "advice_draft", "advice_basis", "advice_forward", "advice_quiet")


class Question(Table, table=True):
    """What was bought with a question. `body` holds the text until it becomes the first letter; `pseudonym` is empty where names are shown.

    `price_minor` is the product's price, per minute for a chat, whose most minutes are `cap_minutes`.
    """

    __tablename__ = "advice_question"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", unique=True)
    product: str
    kind: str
    price_minor: int
    answer_minutes: int
    cap_minutes: int = 0
    pseudonym: str = ""
    body: bytes | None = sealed()
    sent_at: datetime | None = instant(optional=True)
    patient_follows: bool = False
    practitioner_follows: bool = False


class PendingFile(Table, table=True):
    """A file that was chosen with a question, before it becomes a document of the record."""

    __tablename__ = "advice_file"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    blob: str
    filename: str


class Draft(Table, table=True):
    """An answer that is being written; it stays its author's when somebody else was faster."""

    __tablename__ = "advice_draft"
    __table_args__ = (UniqueConstraint("encounter_id", "practitioner_role_id"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    practitioner_role_id: str = Field(foreign_key="practitioner_role.id", index=True)
    body: bytes | None = sealed()
    updated_at: datetime = instant(default_now=True)


class Basis(Table, table=True):
    """Why the operator may offer a restricted mode: the words, who recorded them and when; withdrawn ones stay as history."""

    __tablename__ = "advice_basis"
    global_because: ClassVar[str] = "a mode is on or off for the whole installation"
    mode: str = Field(index=True)
    text: str
    recorded_by: str
    recorded_at: datetime = instant(default_now=True)
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = instant(optional=True)


class Forward(Table, table=True):
    """An answer that the patient sent to their treating doctor, as a link with a secret of its own."""

    __tablename__ = "advice_forward"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    token_hash: str = Field(unique=True)
    doctor: bytes | None = sealed()
    created_at: datetime = instant(default_now=True)
    expires_at: datetime = instant()
    opened_at: datetime | None = instant(optional=True)


class Quiet(Table, table=True):
    """A practitioner who wants no mail when a question with little time comes."""

    __tablename__ = "advice_quiet"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    practitioner_role_id: str = Field(foreign_key="practitioner_role.id", unique=True)
    since: datetime = instant(default_now=True)
