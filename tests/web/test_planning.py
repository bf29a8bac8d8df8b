"""Booking for a patient: whoever runs an agenda books in it, for somebody new or somebody whom the practice knows, and in no other."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib import runtime
from toubib.contracts.common import Money, Period
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database, session
from toubib.db.tables.access import Account, AuthSession, Delegation, RoleAssignment
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import AuditEvent
from toubib.db.tables.people import Person
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import people, sessions, visits
from toubib.services.people import Traits
from toubib.testing.practices import Practice, patient_session, practice
from toubib_booking.seed import consultation, seed

ENGLISH = {"Accept-Language": "en"}
NEW = {
    "identity.family_name": "Testelin",
    "identity.given_names": "Marcel",
    "identity.birth_date_day": "3",
    "identity.birth_date_month": "9",
    "identity.birth_date_year": "1936",
    "identity.sex": "male",
    "identity.phone": "01 99 00 61 40",
    "consent.remote_care": "1",
}


@dataclass
class Desk:
    """A secretary who runs Alma's agenda and not Bert's, and somebody known to each practice."""

    app: Flask
    alma: Practice
    bert: Practice
    services: dict[str, str]
    known: dict[str, str]
    ines: FlaskClient
    stranger: FlaskClient

    def see(self, client: FlaskClient, path: str, status: int = 200) -> str:
        answer = client.get(path, headers=ENGLISH)
        assert answer.status_code == status, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, client: FlaskClient, path: str, status: int, /, **form: str) -> tuple[str, str]:
        """The page, and where it leads."""
        token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', self.see(client, "/verify"))[0]
        answer = client.post(path, data={"csrf_token": token, **form}, headers=ENGLISH)
        assert answer.status_code == status, answer.text
        return answer.text, answer.headers.get("Location", "")

    def hold(self, client: FlaskClient, role: str, service: str, status: int = 302) -> str:
        with database().reading():
            window = Period(clock.now(), clock.now() + timedelta(days=7))
            start = runtime.current().scheduler.offers(OfferQuery(service, window, 100))[0].period.start
        return self.post(client, f"/practice/plan/{role}/hold", status, service=service, start=start.isoformat())[1].rsplit("/", 1)[-1]

    def held(self) -> str:
        return self.hold(self.ines, self.alma.role_id, self.services["alma"])


def somebody(made: Practice, family: str) -> str:
    person = people.newcomer()
    people.set_traits(person.id, Traits(family, "Yvonne", None, "female", "01 99 00 61 12"))
    people.open_chart(made.organisation_id, person.id)
    return person.id


def second_factor(account: Account, client: FlaskClient) -> None:
    client.set_cookie("tb_session", sessions.begin(account, "test"))
    session().flush()
    for row in session().exec(select(AuthSession).where(AuthSession.account_id == account.id)):
        row.second_factor_at = clock.now()


@pytest.fixture
def desk(app: Callable[..., Flask], now: FixedClock) -> Desk:
    assert now.now().year == 2026
    steps = ["identity.traits", "consent.remote_care", "room.wait", "room.consult"]
    made = app("booking", "country_fr", use={"scheduler": "booking", "countries": ["FR"]}, journeys={"booked": {"steps": steps}}, site={"country": "FR"})
    ines, stranger = made.test_client(), made.test_client()
    with database().unit_of_work():
        places = {name: practice(name, country="FR") for name in ("alma", "bert")}
        services = {name: seed(place.role_id, services=[consultation(Money(2500, "EUR"))])[0] for name, place in places.items()}
        known = {name: somebody(place, f"Of{name.title()}") for name, place in places.items()}
        person, _ = patient_session("Ines")
        account = session().exec(select(Account).where(Account.person_id == person)).one()
        session().add(RoleAssignment(account_id=account.id, organisation_id=places["alma"].organisation_id, role="secretary"))
        session().add(Delegation(organisation_id=places["alma"].organisation_id, practitioner_role_id=places["alma"].role_id, account_id=account.id))
        second_factor(account, ines)
        stranger.set_cookie("tb_session", patient_session("Otto")[1])
    return Desk(made, places["alma"], places["bert"], services, known, ines, stranger)


def test_somebody_new_is_booked_in_an_agenda_she_runs(desk: Desk) -> None:
    page = desk.see(desk.ines, "/practice/plan")
    assert desk.alma.role_id in page
    assert desk.bert.role_id not in page
    encounter = desk.held()
    assert "Whose visit is it?" in desk.see(desk.ines, f"/practice/plan/visits/{encounter}")
    for _ in range(2):
        assert desk.post(desk.ines, f"/practice/plan/visits/{encounter}", 302)[1] == f"/visits/{encounter}/details"
    page = desk.see(desk.ines, f"/visits/{encounter}/details")
    assert "For whom?" not in page, "it is for the patient who was chosen, not for whoever books"
    with database().reading() as reading:
        people_before = len(reading.exec(select(Person)).all())
    assert desk.post(desk.ines, f"/visits/{encounter}/details", 302, **NEW)[1] == "/practice"
    with database().reading() as reading:
        row = reading.get_one(Encounter, encounter)
        assert people.traits(row.person_id or "").name == "Marcel Testelin"
        assert visits.visit(encounter).appointment_status == "booked"
        assert len(reading.exec(select(Person)).all()) == people_before, "pressing twice began one record"
    desk.post(desk.ines, f"/visits/{encounter}/details", 404, **NEW)
    desk.see(desk.ines, f"/visits/{encounter}", 404)


def test_somebody_known_is_found_by_name_and_the_reading_is_kept(desk: Desk) -> None:
    encounter = desk.held()
    page, _ = desk.post(desk.ines, f"/practice/plan/visits/{encounter}", 200, name="ofalma")
    assert "Yvonne OfAlma" in page
    assert desk.known["alma"] in page
    assert desk.known["bert"] not in desk.post(desk.ines, f"/practice/plan/visits/{encounter}", 200, name="OfBert")[0]
    desk.post(desk.ines, f"/practice/plan/visits/{encounter}", 404, person=desk.known["bert"])
    desk.post(desk.ines, f"/practice/plan/visits/{encounter}", 302, person=desk.known["alma"])
    desk.post(desk.ines, f"/practice/plan/visits/{encounter}", 302)
    with database().reading() as reading:
        assert reading.get_one(Encounter, encounter).person_id == desk.known["alma"]
        read = reading.exec(select(AuditEvent).where(AuditEvent.action == "read", AuditEvent.person_id == desk.known["alma"])).all()
        assert {row.organisation_id for row in read} >= {desk.alma.organisation_id}


def test_not_in_an_agenda_of_others_nor_by_strangers(desk: Desk) -> None:
    desk.hold(desk.ines, desk.bert.role_id, desk.services["bert"], 404)
    desk.hold(desk.ines, desk.alma.role_id, desk.services["bert"], 409)
    desk.hold(desk.stranger, desk.alma.role_id, desk.services["alma"], 404)
    desk.see(desk.stranger, "/practice/plan", 404)
    encounter = desk.held()
    for path in (f"/practice/plan/visits/{encounter}", f"/visits/{encounter}/details"):
        desk.see(desk.stranger, path, 404)
    desk.post(desk.stranger, f"/practice/plan/visits/{encounter}", 404, person=desk.known["alma"])
    with database().reading() as reading:
        assert [row.person_id for row in reading.exec(select(Encounter))] == [None]


def test_the_deployments_folder_is_not_served(desk: Desk) -> None:
    for name in ("deployment.toml", "../tokens.css", "..%2f..%2fdata/keys.json", "static/../../deployment.toml"):
        desk.see(desk.stranger, f"/theme/{name}", 404)
