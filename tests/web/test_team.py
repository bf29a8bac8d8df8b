"""Running agendas for others: given by their practitioner, no others, and over when it is taken back."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select

from toubib.db import database, session, vault
from toubib.db.tables.access import Account, AuthSession, RoleAssignment
from toubib.db.tables.machinery import NotificationRow
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import sessions
from toubib.testing.booked import Booked, booked
from toubib.testing.practices import practice, practitioner_session

ENGLISH = {"Accept-Language": "en"}
INES = "ines@secretary.test"


@dataclass
class House:
    """Three practitioners with a visit each today, and a secretary."""

    app: Flask
    visits: dict[str, Booked]
    doctors: dict[str, FlaskClient]

    def see(self, client: FlaskClient, path: str, status: int = 200) -> str:
        answer = client.get(path, headers=ENGLISH)
        assert answer.status_code == status, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, client: FlaskClient, path: str, status: int = 303, /, **form: str) -> str:
        token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', self.see(client, "/verify"))[0]
        answer = client.post(path, data={"csrf_token": token, **form}, headers=ENGLISH)
        assert answer.status_code == status, answer.text
        return answer.text

    def role(self, name: str) -> str:
        return self.visits[name].practice.role_id

    def give(self, name: str, email: str = INES, status: int = 303) -> str:
        return self.post(self.doctors[name], f"/practice/team/{self.role(name)}", status, email=email)

    def secretary(self) -> FlaskClient:
        """Inès, signed in with her second factor."""
        client = self.app.test_client()
        with database().unit_of_work():
            account = session().exec(select(Account).where(Account.email_index == vault().blind("email", INES))).one()
            client.set_cookie("tb_session", sessions.begin(account, "test"))
            session().flush()
            for row in session().exec(select(AuthSession).where(AuthSession.account_id == account.id)):
                row.second_factor_at = clock.now()
        return client


@pytest.fixture
def house(app: Callable[..., Flask], now: FixedClock) -> House:
    made = app("booking", "country_fr", use={"scheduler": "booking", "countries": ["FR"]}, journeys={"booked": {"steps": []}}, site={"country": "FR"})
    names = {"alma": "Ada Alma", "bert": "Bea Bert", "cleo": "Cyd Cleo"}
    with database().unit_of_work():
        visits = {name: booked(practice(name, country="FR"), now.now() + timedelta(minutes=30), names=patient) for name, patient in names.items()}
        tokens = {name: practitioner_session(visit.practice) for name, visit in visits.items()}
    doctors = {name: made.test_client() for name in names}
    for name, client in doctors.items():
        client.set_cookie("tb_session", tokens[name])
    return House(made, visits, doctors)


@pytest.mark.feature("BOOK-24:a", "BOOK-24:b")
def test_a_secretary_runs_the_agendas_given_to_her_and_no_others(house: House) -> None:
    house.give("alma")
    house.give("bert")
    ines = house.secretary()
    page = house.see(ines, "/practice")
    assert "Ada Alma" in page
    assert "Bea Bert" in page
    assert "Cyd Cleo" not in page
    for name, status in {"alma": 200, "bert": 200, "cleo": 404}.items():
        agenda = house.see(ines, f"/booking/roles/{house.role(name)}/agenda?day=2026-03-02", status)
        assert (house.visits[name].person_id != "" and names(name) in agenda) is (status == 200)
    agenda = house.see(ines, f"/booking/roles/{house.role('alma')}/agenda")
    assert f"/booking/roles/{house.role('bert')}/agenda" in agenda, "the way to the other one"
    assert house.role("cleo") not in agenda
    house.see(ines, f"/practice/visits/{house.visits['alma'].encounter_id}", 404)


def names(key: str) -> str:
    return {"alma": "Ada Alma", "bert": "Bea Bert", "cleo": "Cyd Cleo"}[key]


def test_what_is_taken_back_is_closed_at_once(house: House) -> None:
    house.give("alma")
    ines = house.secretary()
    assert "Ada Alma" in house.see(ines, "/practice")
    page = house.see(house.doctors["alma"], "/practice/team")
    assert INES in page
    delegation = re.findall(r'name="delegation" value="([0-9a-f]+)"', page)[0]
    house.post(house.doctors["bert"], f"/practice/team/{house.role('bert')}/take", delegation=delegation)
    assert "Ada Alma" in house.see(ines, "/practice"), "another practitioner cannot take it back"
    house.post(house.doctors["alma"], f"/practice/team/{house.role('alma')}/take", delegation=delegation)
    assert "Ada Alma" not in house.see(ines, "/practice")
    house.see(ines, f"/booking/roles/{house.role('alma')}/agenda", 404)
    assert INES not in house.see(house.doctors["alma"], "/practice/team")


def test_only_its_practitioner_gives_an_agenda(house: House) -> None:
    house.give("alma")
    ines = house.secretary()
    house.post(ines, f"/practice/team/{house.role('alma')}", 404, email="friend@secretary.test")
    house.post(house.doctors["bert"], f"/practice/team/{house.role('alma')}", 404, email=INES)
    assert "Agendas you run for others" in house.see(ines, "/practice/team")


def test_an_address_is_checked_and_giving_twice_is_once(house: House) -> None:
    assert 'value="nonsense"' in house.give("alma", "nonsense", 422), "what was typed stays"
    house.give("alma")
    house.give("alma", INES.upper())
    with database().reading() as reading:
        sent = reading.exec(select(NotificationRow).where(NotificationRow.template == "delegation_given")).all()
        assert [vault().read(row, "address") for row in sent] == [INES]
        roles = reading.exec(select(RoleAssignment).where(col(RoleAssignment.role) == "secretary")).all()
        assert len(roles) == 1
    assert house.see(house.doctors["alma"], "/practice/team").count('name="delegation"') == 1
