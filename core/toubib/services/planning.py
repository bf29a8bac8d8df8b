"""Planning for a patient: staff choose the time in an agenda they run, and whose visit it is. The same screens follow as for anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from toubib.audit import trail
from toubib.contracts.common import Refused
from toubib.db import actor, session, vault
from toubib.db.tables.journey import Encounter
from toubib.db.tables.people import Chart, Person
from toubib.services import people, visits
from toubib.services.names import fold
from toubib.services.secrets import planner_key


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody with a chart at the organisation."""

    person_id: str
    name: str
    birth_date: date | None


def hold(service_id: str, start: datetime, journey: str) -> str | Refused:
    """Hold a time for a patient who is chosen next; returns the encounter's id. Whoever holds it may fill in the rest."""
    return visits.hold(service_id, start, planner_key(actor().id), journey)


def find(organisation_id: str, family_name: str) -> Sequence[Known]:
    """Persons with a chart at the organisation, by exact family name (accents and case do not matter). The reading is audited."""
    query = (
        select(Person)
        .join(Chart, col(Chart.person_id) == Person.id)
        .where(Chart.organisation_id == organisation_id, Person.name_index == vault().blind("name", fold(family_name)))
    )
    rows = {row.id: row for row in session().exec(query)} if family_name.strip() else {}
    for person_id in rows:
        trail.read("person", [person_id], organisation_id=organisation_id, person_id=person_id)
    known = {person_id: people.traits(person_id) for person_id in rows}
    return [Known(person_id, f"{t.given_names} {t.family_name}", t.birth_date) for person_id, t in known.items()]


def choose(encounter_id: str, person_id: str | None) -> None:
    """Whose visit it is: somebody known here, or, with `None`, somebody new without an account, who is described next."""
    encounter = session().get_one(Encounter, encounter_id)
    if person_id is None:
        person_id = people.newcomer().id
    people.open_chart(encounter.organisation_id, person_id)
    visits.adopt(encounter_id, person_id)


def knows(organisation_id: str, person_id: str) -> bool:
    """Whether a person has a chart at the organisation."""
    query = select(Chart.id).where(Chart.organisation_id == organisation_id, Chart.person_id == person_id)
    return session().exec(query).first() is not None
