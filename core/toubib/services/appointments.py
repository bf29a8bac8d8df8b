"""The appointments of an agenda, with whom they are: for the practitioner and for those who run it for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from toubib.audit import trail
from toubib.contracts.common import Period
from toubib.db import session
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.journey import Encounter
from toubib.db.tables.people import Person
from toubib.services import people

IN_AGENDA = ("pending", "booked", "arrived", "fulfilled", "noshow")


@dataclass(frozen=True, slots=True)
class Line:
    """One appointment of an agenda. `patient` is empty while nobody has identified themselves."""

    appointment_id: str
    encounter_id: str
    practitioner_role_id: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    status: str
    modality: str
    service_id: str
    service_name: str
    patient: str


def of_role(role_id: str, window: Period, statuses: Sequence[str] = IN_AGENDA) -> list[Line]:
    """Appointments of a role that touch the window, soonest first. Reading them is audited."""
    found = _lines(Appointment.practitioner_role_id == role_id, Appointment.starts_at < window.end, Appointment.ends_at > window.start)
    return [line for line in found if line.status in statuses]


def one(appointment_id: str) -> Line:
    """One appointment; it must exist. Reading it is audited."""
    return _lines(Appointment.id == appointment_id)[0]


def _lines(*conditions: object) -> list[Line]:
    query = (
        select(Appointment, Encounter, Person)
        .join(Encounter, col(Encounter.id) == Appointment.encounter_id)
        .join(Person, col(Person.id) == Encounter.person_id, isouter=True)
        .where(*conditions)  # type: ignore[arg-type]
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    )
    return [_line(appointment, encounter, person) for appointment, encounter, person in session().exec(query).all()]


def _line(appointment: Appointment, encounter: Encounter, person: Person | None) -> Line:
    name = ""
    if person is not None:
        name = people.traits(person.id).name
        trail.read("appointment", [appointment.id], organisation_id=appointment.organisation_id, person_id=person.id)
    return Line(
        appointment.id,
        encounter.id,
        appointment.practitioner_role_id,
        appointment.starts_at,
        appointment.ends_at,
        appointment.zone,
        appointment.status,
        appointment.modality,
        appointment.service_id,
        appointment.service_name,
        name,
    )
