"""The plugin's tables: hours, exceptions and visit reasons. Nothing here must outlive the plugin."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from toubib.db import Table, document, instant, listing
from toubib.seams import randomness

TABLES: tuple[str, ...] = ("booking_schedule", "booking_opening", "booking_break", "booking_exception", "booking_service")


def _hours_checks() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("start_minute >= 0 AND start_minute < end_minute AND end_minute <= 1440", name="order"),
        CheckConstraint("start_minute % 5 = 0 AND end_minute % 5 = 0", name="grid"),
    )


class OfRole(Table):
    """What every table here has: the practice that keeps it, and the practitioner role it is about."""

    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    practitioner_role_id: str = Field(foreign_key="practitioner_role.id", index=True)


class ScheduleRow(Table, table=True):
    """The schedule of one practitioner role. `version` changes with every edit of its hours, so that caches notice."""

    __tablename__ = "booking_schedule"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    practitioner_role_id: str = Field(foreign_key="practitioner_role.id", unique=True)
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    zone: str
    country: str = ""
    region: str = ""
    open_on_holidays: bool = False
    version: str = Field(default_factory=randomness.new_id)


class OpeningRow(OfRole, table=True):
    """Weekly hours in wall-clock minutes of the schedule's zone, with what may happen in them."""

    __tablename__ = "booking_opening"
    __table_args__ = (*_hours_checks(), CheckConstraint("every > 0 AND every % 5 = 0", name="every"))
    weekday: int
    start_minute: int
    end_minute: int
    modalities: list[str] = listing()
    every: int = 15
    valid_from: date | None = None
    valid_to: date | None = None


class BreakRow(OfRole, table=True):
    """A weekly break within the opening hours."""

    __tablename__ = "booking_break"
    __table_args__ = _hours_checks()
    weekday: int
    start_minute: int
    end_minute: int
    valid_from: date | None = None
    valid_to: date | None = None


class ExceptionRow(OfRole, table=True):
    """Once: an `absence`, or an `extra` opening. Says when, never why."""

    __tablename__ = "booking_exception"
    __table_args__ = (
        CheckConstraint("kind IN ('absence', 'extra')", name="kind"),
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("every > 0 AND every % 5 = 0", name="every"),
    )
    kind: str
    starts_at: datetime = instant(index=True)
    ends_at: datetime = instant()
    modalities: list[str] = listing()
    every: int = 15


class ServiceRow(OfRole, table=True):
    """A visit reason. Its id lives on in appointments, so it is retired (`active`), never deleted."""

    __tablename__ = "booking_service"
    __table_args__ = (
        CheckConstraint("minutes BETWEEN 5 AND 720 AND minutes % 5 = 0", name="minutes"),
        CheckConstraint("buffer_before BETWEEN 0 AND 120 AND buffer_before % 5 = 0", name="buffer_before"),
        CheckConstraint("buffer_after BETWEEN 0 AND 120 AND buffer_after % 5 = 0", name="buffer_after"),
        CheckConstraint("price_minor >= 0 AND (no_show_fee_minor IS NULL OR no_show_fee_minor >= 0)", name="money"),
        CheckConstraint("notice_minutes >= 0 AND cancel_until_minutes >= 0 AND horizon_days BETWEEN 1 AND 730", name="limits"),
    )
    name: dict[str, Any] = document()
    minutes: int
    modality: str
    price_minor: int
    currency: str
    act_codes: list[str] = listing()
    new_patients: bool = True
    known_patients: bool = True
    buffer_before: int = 0
    buffer_after: int = 0
    notice_minutes: int = 0
    horizon_days: int = 60
    cancel_until_minutes: int = 0
    no_show_fee_minor: int | None = None
    position: int = 0
    active: bool = True
