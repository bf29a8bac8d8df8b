"""One's own data over HTTP: an archive for oneself alone, and an erasure that says what stays."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib import runtime
from toubib.contracts.identity import SYSTEM
from toubib.db import database
from toubib.db.tables.access import Account
from toubib.seams.clock import FixedClock
from toubib.services import care, visits
from toubib.testing.booked import Booked, booked
from toubib.testing.booked import patient_session as session_of
from toubib.testing.practices import patient_session, practice
from toubib.web import files_app

ENGLISH = {"Accept-Language": "en"}


@dataclass
class Own:
    """Ada at her browser, with a booked visit."""

    app: Flask
    visit: Booked
    client: FlaskClient

    def see(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path, headers=ENGLISH)
        assert answer.status_code == status, f"{path}: {answer.status_code}"
        return answer.location if status == 303 else answer.text

    def post(self, path: str, status: int = 303, /, **form: str) -> str:
        token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', self.see("/verify"))[0]
        answer = self.client.post(path, data={"csrf_token": token, **form}, headers=ENGLISH)
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
def own(app: Callable[..., Flask], now: FixedClock) -> Own:
    made = app("country_fr", use={"countries": ["FR"]}, journeys={"booked": {"steps": []}}, site={"country": "FR"})
    with database().unit_of_work():
        visit = booked(practice(country="FR"), now.now() + timedelta(minutes=20), modality="in_person")
        token = session_of(visit)
    client = made.test_client()
    client.set_cookie("tb_session", token)
    return Own(made, visit, client)


def work() -> None:
    """Let the worker do all that is due."""
    for _ in range(20):
        if not runtime.current().jobs.run_due():
            return


def cared_for(own: Own) -> None:
    """The visit took place."""
    with database().unit_of_work(SYSTEM):
        assert care.arrive(own.visit.encounter_id) is None
        assert care.admit(own.visit.encounter_id, care.AdmissionLine(True, "FR", "", "")) is None
        assert care.end(own.visit.encounter_id) is None


@pytest.mark.feature("REC-06:a")
def test_the_archive_is_made_and_handed_to_its_person_alone(own: Own) -> None:
    own.post("/account/data/export")
    own.post("/account/data/export")
    assert own.see("/account/data").count(">being made<") == 1, "asking twice orders one"
    work()
    page = own.see("/account/data")
    path = re.findall(r'href="(/account/data/exports/[0-9a-f]+)"', page)[0]
    address = own.see(path, 303)
    found = files_app.build(runtime.current()).test_client().get("/" + address.split("/", 3)[3])
    assert found.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(found.data))
    assert "Ada" in "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    with database().unit_of_work():
        _otto, token = patient_session("Otto")
    own.client.set_cookie("tb_session", token)
    own.see(path, 404)


@pytest.mark.feature("REC-06:b")
def test_erasing_says_first_what_stays_and_why(own: Own) -> None:
    cared_for(own)
    page = own.see("/account/data/erase")
    assert "The record of your visits" in page
    assert "The law of the practice" in page
    assert "Tick the box" in own.post("/account/data/erase", 422)
    assert "What stays, and why" in own.post("/account/data/erase", 200, sure="1")
    own.see("/account", 302)
    with database().reading() as reading:
        account = reading.exec(select(Account).where(Account.person_id == own.visit.person_id)).first()
        assert account is None or account.email is None, "the address is forgotten"


def test_an_open_visit_holds_erasure_back(own: Own) -> None:
    assert "Cancel it or wait until it is over" in own.see("/account/data/erase")
    assert "Cancel it" in own.post("/account/data/erase", 409, sure="1")
    with database().reading():
        assert visits.visit(own.visit.encounter_id).person_id == own.visit.person_id


def test_a_browser_that_was_left_open_is_not_enough(own: Own, now: FixedClock) -> None:
    cared_for(own)
    now.advance(timedelta(minutes=16))
    assert "Sign in again" in own.see("/account/data/erase")
    own.post("/account/data/erase", 422, sure="1")
    assert "My data" in own.see("/account/data"), "nothing was erased"
