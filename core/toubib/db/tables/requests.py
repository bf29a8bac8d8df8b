"""Care asked for without an agreed time: a place in a queue, a written question; who was offered it and who took it.

A request is to a visit "now" or an answer in writing what the appointment is to a visit at a time. It belongs to the core because
the price agreed and who answered are part of the record, whatever becomes of the plugin that asked.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from toubib.db.types import Table, instant, listing, sealed


class ServiceRequest(Table, table=True):
    """FHIR ServiceRequest: what was asked for, at which price, and who may take it.

    `profession`, `specialty`, `territory` (ISO country where the patient is), `language` and `age_group` (`infant`, `child`,
    `adult`) are the need; an empty one excludes nobody. A higher `priority` is more urgent. `lapses_at`: until when an unfinished
    one is kept; `due_at`: the promised answer.
    """

    __tablename__ = "service_request"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", unique=True)
    plugin: str = Field(index=True)
    service_key: str
    service_name: str
    status: str = Field(default="draft", index=True)
    profession: str = ""
    specialty: str = ""
    territory: str = ""
    language: str = ""
    age_group: str = ""
    priority: int = 0
    price_minor: int
    currency: str
    act_codes: list[str] = listing()
    zone: str
    created_at: datetime = instant(default_now=True)
    lapses_at: datetime | None = instant(optional=True)
    active_at: datetime | None = instant(optional=True, index=True)
    due_at: datetime | None = instant(optional=True, index=True)
    closed_at: datetime | None = instant(optional=True)
    close_reason: str = ""


class Assignment(Table, table=True):
    """A practitioner was offered a request, and took it or not. At most one at a time has taken it: the database sees to it."""

    __tablename__ = "assignment"
    __table_args__ = (
        Index(
            "uq_assignment_accepted",
            "encounter_id",
            unique=True,
            sqlite_where=text("state = 'accepted'"),
            postgresql_where=text("state = 'accepted'"),
        ),
    )
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    practitioner_role_id: str = Field(foreign_key="practitioner_role.id", index=True)
    state: str = "accepted"
    at: datetime = instant(default_now=True)
    until: datetime | None = instant(optional=True)
    ended_at: datetime | None = instant(optional=True)
    reason: str = ""


class QuestionnaireResponse(Table, table=True):
    """FHIR QuestionnaireResponse: what the patient answered before the visit, with the questions as they were put."""

    __tablename__ = "questionnaire_response"
    __table_args__ = (UniqueConstraint("encounter_id", "questionnaire"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    questionnaire: str
    schema_version: int = 1
    body: bytes | None = sealed()
    authored_at: datetime = instant(default_now=True)


class Communication(Table, table=True):
    """FHIR Communication: a letter between patient and practitioner. Never changed: a correction is another that names it."""

    __tablename__ = "communication"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    kind: str
    author_role: str
    author_id: str
    body: bytes | None = sealed()
    sent_at: datetime = instant(default_now=True, index=True)
    corrects_id: str | None = Field(default=None, foreign_key="communication.id")
    read_at: datetime | None = instant(optional=True)
