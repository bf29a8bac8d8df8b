"""The agenda: whose time is taken (occupancy, with the no-overlap constraint) and for which appointment."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from toubib.db.types import Table, instant


class Occupancy(Table, table=True):
    """A span of a subject's time (practitioner, room). Live rows of one subject and lane never overlap.

    Live means `held` or `taken`. A hold counts until it is expired by whoever takes the time next, or by the
    sweep; `now()` cannot stand in a constraint. Lane 0 is the agenda; a staff override takes another lane.
    """

    __tablename__ = "occupancy"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    subject: str = Field(index=True)
    starts_at: datetime = instant(index=True)
    ends_at: datetime = instant()
    lane: int = 0
    capacity: int = 1
    state: str = "held"
    expires_at: datetime | None = instant(optional=True)
    override_reason: str = ""


class Seat(Table, table=True):
    """A place within an occupancy; most have one. Two live seats never share a position."""

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("occupancy_id", "position", "freed"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    occupancy_id: str = Field(foreign_key="occupancy.id", index=True)
    position: int = 0
    freed: str = ""


class Appointment(Table, table=True):
    """An agreed time. `zone` and `wall_intent` keep what was meant, should a zone's rules change."""

    __tablename__ = "appointment"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    practitioner_role_id: str = Field(foreign_key="practitioner_role.id", index=True)
    occupancy_id: str = Field(foreign_key="occupancy.id")
    scheduler: str
    service_id: str
    service_name: str = ""
    status: str = "pending"
    starts_at: datetime = instant(index=True)
    ends_at: datetime = instant()
    zone: str
    wall_intent: str
    modality: str
    price_minor: int
    currency: str
    sequence: int = 0
    created_at: datetime = instant(default_now=True)
    cancelled_at: datetime | None = instant(optional=True)
    cancelled_by: str = ""
    cancel_reason: str = ""
