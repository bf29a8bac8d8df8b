"""The encounter: care itself. Practitioner, period and appointment may be empty at first."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from toubib.db.types import Table, instant, sealed


class Encounter(Table, table=True):
    """One consultation, from the first click to the last bill, through the steps of its journey.

    `draft_hash` binds an unfinished booking to the visitor's browser until a person is known. `part_of_id` (FHIR partOf) names the
    consultation at which somebody else cares for the same patient at the same time, such as a nurse at the patient's side.
    """

    __tablename__ = "encounter"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    journey: str
    status: str = "planned"
    part_of_id: str | None = Field(default=None, foreign_key="encounter.id", index=True)
    person_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    booked_by: str | None = Field(default=None, foreign_key="person.id")
    practitioner_role_id: str | None = Field(default=None, foreign_key="practitioner_role.id", index=True)
    modality: str = "video"
    draft_hash: str = Field(default="", index=True)
    locale: str
    created_at: datetime = instant(default_now=True)
    arrived_at: datetime | None = instant(optional=True)
    admitted_at: datetime | None = instant(optional=True)
    ended_at: datetime | None = instant(optional=True)
    settled_at: datetime | None = instant(optional=True)


class Admission(Table, table=True):
    """The line asked at admission: who, where now, a number to call back, who else is there."""

    __tablename__ = "admission"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", unique=True)
    identity_checked: bool
    country: str
    place: bytes | None = sealed()
    phone: bytes | None = sealed()
    others_present: bytes | None = sealed()
    suitable: bool = True
    by: str = ""
    at: datetime = instant(default_now=True)


class StepMark(Table, table=True):
    """What a step wants to remember of an encounter, by its own name and key (a test passed, a form sent)."""

    __tablename__ = "step_mark"
    __table_args__ = (UniqueConstraint("encounter_id", "step", "key"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    step: str
    key: str
    value: str = ""
    at: datetime = instant(default_now=True)
