"""Two practices and everybody who may knock: the people and objects against which permissions are tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib.contracts.common import Period
from toubib.db import database, session
from toubib.db.tables.access import Account, AuthSession, Delegation, RoleAssignment
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.journey import Encounter
from toubib.db.tables.prescriptions import Prescription
from toubib.seams import clock
from toubib.services import agenda, documents, people, room_links, sessions
from toubib.services.secrets import fingerprint
from toubib.testing.booked import Booked, booked, patient_session
from toubib.testing.practices import Practice, practice, practitioner_session
from toubib.web.request import GUEST_COOKIE, SESSION_COOKIE, VISITOR_COOKIE

MISSING = "0" * 32
OPERATOR = "one"
OBJECTS: Mapping[str, str] = {
    "A": "the visit of one patient at one practice, with all that belongs to it",
    "B": "the visit of another patient at another practice",
    "D": "an unfinished booking of a visitor's browser at the first practice",
}
ROLES: Mapping[str, str] = {
    "anonymous": "a browser that never signed in",
    "visitor": "the browser that holds D",
    "patient": "the patient of A, signed in",
    "other_patient": "the patient of B, signed in",
    "guest": "a browser that opened the mailed link of A",
    "weak": "the practitioner of A without a fresh second factor",
    "practitioner": "the practitioner of A",
    "other_practitioner": "the practitioner of B",
    "secretary": "works on the agenda of A by delegation",
    "administrator": "administers the practice of A, which runs the installation",
    "other_administrator": "administers the practice of B",
}


@dataclass(frozen=True, slots=True)
class World:
    """Ids of every object by table and letter, and each role's cookies."""

    objects: Mapping[str, Mapping[str, str]]
    cookies: Mapping[str, Mapping[str, str]]

    def client(self, app: Flask, role: str) -> FlaskClient:
        """A browser of a role."""
        client = app.test_client()
        for name, value in self.cookies[role].items():
            client.set_cookie(name, value)
        return client


def make_world() -> World:
    """Make practices, visits and people; opens its own unit of work."""
    with database().unit_of_work():
        one, two = practice(OPERATOR), practice("two")
        mine = booked(one, clock.now() + timedelta(hours=2))
        theirs = booked(two, clock.now() + timedelta(hours=3), names="Otto Other")
        draft = Encounter(
            organisation_id=one.organisation_id, journey="booked", locale="fr", practitioner_role_id=one.role_id, draft_hash=fingerprint("browser of visitor")
        )
        session().add(draft)
        session().flush()
        _held(one, draft)
        objects = _objects(mine, theirs) | {"encounter": {"A": mine.encounter_id, "B": theirs.encounter_id, "D": draft.id}}
        return World(objects, _cookies(one, two, mine, theirs))


def _held(made: Practice, draft: Encounter) -> None:
    """The time that the draft holds."""
    span = Period(clock.now() + timedelta(hours=5), clock.now() + timedelta(hours=5, minutes=20))
    held = agenda.occupy(made.practitioner_id, made.organisation_id, span, until=clock.now() + timedelta(minutes=15))
    session().add(
        Appointment(
            organisation_id=made.organisation_id,
            encounter_id=draft.id,
            practitioner_role_id=made.role_id,
            occupancy_id=str(held),
            scheduler="test",
            service_id="consultation",
            starts_at=span.start,
            ends_at=span.end,
            zone="Europe/Paris",
            wall_intent="",
            modality="video",
            price_minor=2500,
            currency="EUR",
        )
    )
    session().flush()


def _objects(mine: Booked, theirs: Booked) -> dict[str, dict[str, str]]:
    pairs = {"A": mine, "B": theirs}
    return {
        "person": {letter: b.person_id for letter, b in pairs.items()},
        "practitioner_role": {letter: b.practice.role_id for letter, b in pairs.items()},
        "organisation": {letter: b.practice.organisation_id for letter, b in pairs.items()},
        "appointment": {letter: _appointment(b) for letter, b in pairs.items()},
        "document": {letter: _document(b) for letter, b in pairs.items()},
        "prescription": {letter: _prescription(b) for letter, b in pairs.items()},
    }


def _appointment(visit: Booked) -> str:
    return session().exec(select(Appointment.id).where(Appointment.encounter_id == visit.encounter_id)).one()


def _document(visit: Booked) -> str:
    return documents.keep(
        f"blob of {visit.encounter_id}",
        b"",
        organisation_id=visit.practice.organisation_id,
        person_id=visit.person_id,
        encounter_id=visit.encounter_id,
        kind="report",
        filename="report.pdf",
        media_type="application/pdf",
    )


def _prescription(visit: Booked) -> str:
    row = Prescription(
        organisation_id=visit.practice.organisation_id,
        encounter_id=visit.encounter_id,
        practitioner_role_id=visit.practice.role_id,
        person_id=visit.person_id,
    )
    session().add(row)
    session().flush()
    return row.id


def _cookies(one: Practice, two: Practice, mine: Booked, theirs: Booked) -> dict[str, dict[str, str]]:
    spent = room_links.spend(mine.token)
    tokens = {
        "patient": patient_session(mine),
        "other_patient": patient_session(theirs),
        "practitioner": practitioner_session(one),
        "other_practitioner": practitioner_session(two),
        "weak": _weak(one),
        "secretary": _staff(one, "secretary", delegated=True),
        "administrator": _staff(one, "administrator"),
        "other_administrator": _staff(two, "administrator", "other_administrator"),
    }
    cookies = {role: {VISITOR_COOKIE: f"browser of {role}"} for role in ROLES}
    for role, token in tokens.items():
        cookies[role][SESSION_COOKIE] = token
    cookies["guest"][GUEST_COOKIE] = spent[1] if spent else ""
    return cookies


def _weak(made: Practice) -> str:
    account = session().exec(select(Account).where(Account.person_id == made.practitioner_id)).one()
    return sessions.begin(account, "another device")


def _staff(made: Practice, role: str, who: str = "", *, delegated: bool = False) -> str:
    person = people.newcomer()
    account = Account(person_id=person.id, email_index=f"index of {who or role}")
    session().add(account)
    session().flush()
    session().add(RoleAssignment(account_id=account.id, organisation_id=made.organisation_id, role=role))
    if delegated:
        session().add(Delegation(organisation_id=made.organisation_id, practitioner_role_id=made.role_id, account_id=account.id))
    token = sessions.begin(account, role)
    session().flush()
    session().exec(select(AuthSession).where(AuthSession.account_id == account.id)).one().second_factor_at = clock.now()
    return token
