"""Changing schedules and visit reasons. Every function runs inside a unit of work; callers checked the permission.

Whoever changes hours gives the schedule a new version, so that calendars kept in memory anywhere are rebuilt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlmodel import col, select

from toubib.contracts.common import Localised, Money, Period
from toubib.contracts.scheduling import Modality
from toubib.db import session
from toubib.db.tables.directory import Organisation, PractitionerRole
from toubib.seams import randomness
from toubib_booking.models import BreakRow, ExceptionRow, OfRole, OpeningRow, ScheduleRow, ServiceRow

Row = TypeVar("Row", bound=OfRole)


class NoSchedule(Exception):
    """The practitioner role has no schedule yet: call `open_schedule` first."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly hours to add: weekday (0 is Monday), wall-clock minutes, and between which dates."""

    weekday: int
    start: int
    end: int
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class ServiceDraft:
    """Everything about a visit reason that a practice decides. Minutes; `price` also names the currency."""

    name: Localised
    minutes: int
    modality: Modality
    price: Money
    act_codes: tuple[str, ...] = ()
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


def schedule_of(role_id: str) -> ScheduleRow | None:
    """The schedule of a practitioner role, if it has one."""
    return session().exec(select(ScheduleRow).where(ScheduleRow.practitioner_role_id == role_id)).one_or_none()


def open_schedule(role_id: str, *, zone: str = "", country: str = "", region: str = "") -> ScheduleRow:
    """The schedule of a practitioner role, made when there is none.

    `zone` is where the clock on the wall hangs, `country` and `region` say which public holidays count; the
    organisation's own when not given.
    """
    row = schedule_of(role_id)
    if row is None:
        role = session().get_one(PractitionerRole, role_id)
        organisation = session().get_one(Organisation, role.organisation_id)
        row = ScheduleRow(
            organisation_id=organisation.id,
            practitioner_role_id=role_id,
            practitioner_id=role.practitioner_id,
            zone=zone or organisation.zone,
            country=country or organisation.country,
            region=region,
        )
        session().add(row)
        session().flush()
    return row


def add_opening(role_id: str, hours: Hours, modalities: Sequence[Modality], every: int) -> OpeningRow:
    """Receive every week in these hours; visits begin each `every` minutes from the start."""
    row = OpeningRow(
        organisation_id=_changed(role_id).organisation_id,
        practitioner_role_id=role_id,
        weekday=hours.weekday,
        start_minute=hours.start,
        end_minute=hours.end,
        modalities=[modality.value for modality in modalities],
        every=every,
        valid_from=hours.valid_from,
        valid_to=hours.valid_to,
    )
    return _added(row)


def add_break(role_id: str, hours: Hours) -> BreakRow:
    """Pause every week in these hours."""
    row = BreakRow(
        organisation_id=_changed(role_id).organisation_id,
        practitioner_role_id=role_id,
        weekday=hours.weekday,
        start_minute=hours.start,
        end_minute=hours.end,
        valid_from=hours.valid_from,
        valid_to=hours.valid_to,
    )
    return _added(row)


def add_absence(role_id: str, period: Period) -> ExceptionRow:
    """Be away once. Appointments that lie in it stay; the page that calls this shows them."""
    return _add_exception(role_id, "absence", period, (), 15)


def add_extra(role_id: str, period: Period, modalities: Sequence[Modality], every: int) -> ExceptionRow:
    """Receive once more, also over breaks and on public holidays."""
    return _add_exception(role_id, "extra", period, modalities, every)


def remove(kind: type[OpeningRow | BreakRow | ExceptionRow], row_id: str, role_id: str) -> bool:
    """Take away an opening, break or exception of this role; `False` when it is not there (any more)."""
    row = session().get(kind, row_id)
    if row is None or row.practitioner_role_id != role_id:
        return False
    _changed(role_id)
    session().delete(row)
    return True


def save_service(role_id: str, draft: ServiceDraft, service_id: str | None = None) -> ServiceRow:
    """Add a visit reason, or change one; appointments already made keep their own length and price."""
    schedule = _known(role_id)
    row = session().get(ServiceRow, service_id) if service_id else None
    if row is None or row.practitioner_role_id != role_id:
        row = ServiceRow(organisation_id=schedule.organisation_id, practitioner_role_id=role_id, minutes=5, modality="", price_minor=0, currency="")
    row.name, row.minutes, row.modality = dict(draft.name), draft.minutes, draft.modality.value
    row.price_minor, row.currency, row.no_show_fee_minor = draft.price.minor, draft.price.currency, draft.no_show_fee_minor
    row.act_codes = list(draft.act_codes)
    row.new_patients, row.known_patients = draft.new_patients, draft.known_patients
    row.buffer_before, row.buffer_after = draft.buffer_before, draft.buffer_after
    row.notice_minutes, row.horizon_days = draft.notice_minutes, draft.horizon_days
    row.cancel_until_minutes = draft.cancel_until_minutes
    row.position, row.active = draft.position, draft.active
    return _added(row)


def of_role(kind: type[Row], role_id: str) -> Sequence[Row]:
    """Every row of one kind of a practitioner role, unordered."""
    return session().exec(select(kind).where(col(kind.practitioner_role_id) == role_id)).all()


def _add_exception(role_id: str, kind: str, period: Period, modalities: Sequence[Modality], every: int) -> ExceptionRow:
    row = ExceptionRow(
        organisation_id=_changed(role_id).organisation_id,
        practitioner_role_id=role_id,
        kind=kind,
        starts_at=period.start,
        ends_at=period.end,
        modalities=[modality.value for modality in modalities],
        every=every,
    )
    return _added(row)


def _known(role_id: str) -> ScheduleRow:
    schedule = schedule_of(role_id)
    if schedule is None:
        raise NoSchedule(role_id)
    return schedule


def _changed(role_id: str) -> ScheduleRow:
    schedule = _known(role_id)
    schedule.version = randomness.new_id()
    session().add(schedule)
    return schedule


def _added(row: Row) -> Row:
    session().add(row)
    session().flush()
    return row
