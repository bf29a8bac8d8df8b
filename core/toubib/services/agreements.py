"""What patient and practice agree on before care, with a time (an appointment) or without one (a request).

Price, estimate, booking screens and payment are the same for both; they read it here and ask nothing else of either.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select

from toubib import runtime
from toubib.contracts.common import Money
from toubib.db import session
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import ServiceRequest
from toubib.seams import clock
from toubib.services.holding import last_moment

AGREED = frozenset({"booked", "arrived", "fulfilled", "noshow", "active", "accepted", "completed"})
PENDING = frozenset({"pending", "draft"})


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is agreed or about to be. `state`: `pending` (still being filled in or paid), `agreed`, `lapsed` (never
    finished in its time), or `over`.

    `timed`: it has an appointment, booked ahead or begun now. `at` is its start, else when care began, else now. `kept_until` is
    until when an unfinished one is kept: `None` once it lapsed or is agreed; it can be kept longer until
    `kept_at_most_until`, never beyond. `profession` and `specialty` are the need where
    `practitioner_role_id` is not known yet.
    """

    encounter_id: str
    organisation_id: str
    journey: str
    person_id: str | None
    practitioner_role_id: str | None
    name: str
    price: Money
    act_codes: tuple[str, ...]
    at: datetime
    zone: str
    timed: bool
    state: str
    kept_until: datetime | None
    kept_at_most_until: datetime
    service_id: str
    profession: str = ""
    specialty: str = ""
    plugin: str = ""


def of(encounter_id: str) -> Agreement:
    """The agreement of an encounter; it must exist."""
    encounter = session().get_one(Encounter, encounter_id)
    requested = session().exec(select(ServiceRequest).where(ServiceRequest.encounter_id == encounter_id)).first()
    return _booked(encounter) if requested is None else _requested(encounter, requested)


def _state(status: str) -> str:
    if status in AGREED:
        return "agreed"
    return "pending" if status in PENDING else "lapsed" if status == "lapsed" else "over"


def _later(until: datetime | None) -> datetime | None:
    return until if until is not None and until > clock.now() else None


def _booked(encounter: Encounter) -> Agreement:
    query = select(Appointment, Occupancy).join(Occupancy).where(Appointment.encounter_id == encounter.id)
    appointment, occupancy = session().exec(query).one()
    service = runtime.current().scheduler.service(appointment.service_id)
    return Agreement(
        encounter_id=encounter.id,
        organisation_id=encounter.organisation_id,
        journey=encounter.journey,
        person_id=encounter.person_id,
        practitioner_role_id=appointment.practitioner_role_id,
        name=appointment.service_name,
        price=Money(appointment.price_minor, appointment.currency),
        act_codes=service.act_codes if service else (),
        at=appointment.starts_at,
        zone=appointment.zone,
        timed=True,
        state=_state(appointment.status),
        kept_until=_later(occupancy.expires_at) if occupancy.state == "held" else None,
        kept_at_most_until=last_moment(encounter.created_at),
        service_id=appointment.service_id,
    )


def _requested(encounter: Encounter, row: ServiceRequest) -> Agreement:
    begun = session().exec(select(Appointment).where(Appointment.encounter_id == encounter.id)).all()
    return Agreement(
        encounter_id=encounter.id,
        organisation_id=encounter.organisation_id,
        journey=encounter.journey,
        person_id=encounter.person_id,
        practitioner_role_id=encounter.practitioner_role_id,
        name=row.service_name,
        price=Money(row.price_minor, row.currency),
        act_codes=tuple(row.act_codes),
        at=begun[0].starts_at if begun else encounter.admitted_at or clock.now(),
        zone=row.zone,
        timed=bool(begun),
        state=_state(row.close_reason if row.close_reason == "lapsed" else row.status),
        kept_until=_later(row.lapses_at) if row.status == "draft" else None,
        kept_at_most_until=last_moment(encounter.created_at),
        service_id=row.service_key,
        profession=row.profession,
        specialty=row.specialty,
        plugin=row.plugin,
    )
