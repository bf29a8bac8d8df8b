"""A booked visit of an invented patient, for tests of what comes after the booking; no scheduler is needed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from toubib.contracts.common import Period, Refused
from toubib.db import session
from toubib.db.states import move
from toubib.db.tables.access import Account
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.directory import Organisation
from toubib.db.tables.journey import Encounter
from toubib.db.tables.people import Person
from toubib.services import agenda, people, room_links, sessions
from toubib.services.people import Traits
from toubib.testing.practices import Practice


@dataclass(frozen=True, slots=True)
class Booked:
    """Ids of what `booked` made, and the token of the mailed link."""

    practice: Practice
    encounter_id: str
    person_id: str
    token: str


def booked(
    made: Practice,
    start: datetime,
    *,
    minutes: int = 20,
    modality: str = "video",
    price_minor: int = 2500,
    names: str = "Ada Test",
    person_id: str = "",
    locale: str = "fr",
) -> Booked:
    """Book a visit with `made` in the open unit of work, under the journey `booked`, for a new patient or the one given."""
    person = session().get_one(Person, person_id) if person_id else _patient(names)
    people.open_chart(made.organisation_id, person.id)
    encounter = Encounter(
        organisation_id=made.organisation_id, journey="booked", locale=locale, person_id=person.id, practitioner_role_id=made.role_id, modality=modality
    )
    session().add(encounter)
    session().flush()
    appointment = _appointment(made, encounter, Period(start, start + timedelta(minutes=minutes)), price_minor)
    return Booked(made, encounter.id, person.id, room_links.make(encounter, appointment))


def _patient(names: str) -> Person:
    given, family = names.split(" ", 1)
    person = people.newcomer()
    people.set_traits(person.id, Traits(family, given, date(1980, 5, 1), "F", "01 99 00 00 01"))
    return person


def _appointment(made: Practice, encounter: Encounter, period: Period, price_minor: int) -> Appointment:
    occupancy = agenda.occupy(made.practitioner_id, made.organisation_id, period, until=None)
    if isinstance(occupancy, Refused):
        raise ValueError(f"the practitioner is busy: {occupancy.rule}")  # noqa: TRY004  no type is wrong here
    organisation = session().get_one(Organisation, made.organisation_id)
    row = Appointment(
        organisation_id=made.organisation_id,
        encounter_id=encounter.id,
        practitioner_role_id=made.role_id,
        occupancy_id=occupancy,
        scheduler="test",
        service_id="consultation",
        service_name="Consultation",
        starts_at=period.start,
        ends_at=period.end,
        zone=organisation.zone,
        wall_intent="",
        modality=encounter.modality,
        price_minor=price_minor,
        currency=organisation.currency,
    )
    session().add(row)
    session().flush()
    move("appointment", row, "booked")
    session().flush()
    return row


def patient_session(visit: Booked) -> str:
    """Sign the patient in; gives back the token for the session cookie. In the open unit of work."""
    account = Account(person_id=visit.person_id, email_index=f"index of {visit.person_id}")
    session().add(account)
    session().flush()
    return sessions.begin(account, "test")
