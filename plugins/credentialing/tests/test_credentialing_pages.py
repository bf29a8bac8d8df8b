"""The pages over HTTP: applying with every kind of mistake, deciding, suspending, who may open what."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select
from werkzeug.test import TestResponse

from toubib.db import database, session
from toubib.db.tables.access import AuthSession, RoleAssignment
from toubib.db.tables.directory import Organisation
from toubib.db.tables.machinery import AuditEvent, NotificationRow
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import login, notices, sessions, standing
from toubib.testing.practices import Practice, practice
from toubib_credentialing import forms
from toubib_credentialing.models import Application, Credential

ENGLISH = {"Accept-Language": "en"}
PDF, TEXT = b"%PDF-1.4 specimen", b"hello"
FORM = {
    "display_name": "Dr Noé Essai",
    "title": "Docteur en médecine",
    "profession": "physician",
    "specialty": "",
    "languages": "fr",
    "registry_number": "99 700 219 910",
    "insurance_expires": "2026-12-31",
    "truth": "1",
}


@dataclass
class Person:
    """Somebody at a browser."""

    client: FlaskClient
    person_id: str = ""

    def get(self, path: str, status: int = 200) -> str:
        response = self.client.get(path, headers=ENGLISH)
        assert response.status_code == status, response.text
        return response.text

    def post(self, path: str, page: str, **form: Any) -> TestResponse:
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.get(page))
        assert found
        return self.client.post(path, data={"csrf_token": found[1], **form}, headers=ENGLISH, content_type="multipart/form-data")

    def apply(self, insurance: bytes = PDF, **changes: str) -> TestResponse:
        files = {"diploma": (io.BytesIO(PDF), "diploma.pdf"), "insurance": (io.BytesIO(insurance), "insurance.pdf")}
        return self.post("/credentialing/apply", "/credentialing/apply", **{**FORM, **changes}, **files)


@dataclass
class House:
    """The pages, an applicant, a reviewer and somebody else."""

    made: Practice
    visitor: Person
    applicant: Person
    reviewer: Person
    secretary: Person


@pytest.fixture
def house(app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock) -> House:
    assert now.now().tzinfo
    built = app(
        "country_fr",
        "credentialing",
        site={"country": "FR", "languages": ["fr", "en"], "default_language": "en"},
        use={"countries": ["FR"]},
        rules={"standing": ["credentialing"]},
        settings={"credentialing": {"registry": "rpps", "max_file_bytes": 1000}},
    )
    with database().unit_of_work():
        made = practice()
        session().get_one(Organisation, made.organisation_id).email = "practice@praxis.test"
    people = [_signed_in(browse(built), made, role) for role in ("", "reviewer", "secretary")]
    return House(made, Person(browse(built)), *people)


def _signed_in(client: FlaskClient, made: Practice, role: str) -> Person:
    with database().unit_of_work():
        account = login.account_for(f"{role or 'noe'}@praxis.test", "en")
        if role:
            session().add(RoleAssignment(account_id=account.id, organisation_id=made.organisation_id, role=role))
        client.set_cookie("tb_session", sessions.begin(account, "test"))
        session().flush()
        if role:
            session().exec(select(AuthSession).where(AuthSession.account_id == account.id)).one().second_factor_at = clock.now()
        return Person(client, account.person_id)


def _application() -> str:
    with database().reading():
        return session().exec(select(Application.id)).one()


def test_specialties_are_those_of_the_deployments_country(app: Callable[..., Flask], now: FixedClock) -> None:
    assert now.now().tzinfo
    built = app("country_de", "credentialing", site={"country": "DE"}, use={"countries": ["DE"]})
    with built.test_request_context():
        professions, specialties = forms.choices()
    assert "physician" in professions
    assert "paediatrics" in specialties
    assert "midwife" not in specialties


def test_a_visitor_reads_what_is_needed_and_signs_in_first(house: House) -> None:
    page = house.visitor.get("/credentialing/apply")
    assert "liability insurance" in page
    assert "/sign-in?next=/credentialing/apply" in page
    assert 'type="file"' not in page


@pytest.mark.feature("ADVICE-04:a")
@pytest.mark.parametrize(
    ("changes", "insurance", "said"),
    [
        ({"registry_number": "10000001917"}, PDF, "Check digit"),
        ({"registry_number": ""}, PDF, "Write your registry number."),
        ({"insurance_expires": "2026-03-01"}, PDF, "This date has passed"),
        ({"insurance_expires": ""}, PDF, "Write the last day of the insurance."),
        ({"insurance_expires": "2026-02-30"}, PDF, "This date does not exist."),
        ({}, TEXT, "This file is no PDF, JPEG or PNG."),
        ({}, PDF + b"x" * 1000, "This file is too large."),
        ({}, b"", "Choose a file."),
        ({"display_name": "N"}, PDF, "Write the name"),
        ({"profession": "wizard"}, PDF, "Choose one of the entries."),
        ({"truth": ""}, PDF, "Tick this box"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(house: House, changes: dict[str, str], insurance: bytes, said: str) -> None:
    answer = house.applicant.apply(insurance, **changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Docteur en médecine" in answer.text
    with database().reading():
        assert session().exec(select(Application)).all() == []


@pytest.mark.feature("ADVICE-04:a", "ADVICE-04:b", "ADVICE-04:c")
def test_from_the_form_to_a_practitioner_who_may_act(house: House) -> None:
    assert house.applicant.apply().headers["Location"] == "/credentialing/mine?done=sent"
    mine = house.applicant.get("/credentialing/mine?done=sent")
    assert "Application sent" in mine
    assert "Waiting for a decision" in mine
    assert house.applicant.client.get("/credentialing/apply").headers["Location"] == "/credentialing/mine"
    application = _application()
    listed = house.reviewer.get("/credentialing/review")
    assert "99700219910" in listed
    assert "May this person practise here?" in listed
    page = house.reviewer.get(f"/credentialing/review/{application}")
    action = re.search(rf"/credentialing/review/{application}/questions/\w+", page)
    assert action
    silent = house.reviewer.post(action[0], f"/credentialing/review/{application}", word="accept", reason="")
    assert silent.status_code == 422
    assert "Write the reason" in silent.text
    done = house.reviewer.post(action[0], f"/credentialing/review/{application}", word="accept", reason="Number found in the register.")
    assert done.status_code == 303
    assert "Number found in the register." in house.applicant.get("/credentialing/mine")
    assert "looked at by this platform" in house.visitor.get("/practitioners/dr-noe-essai")
    assert house.reviewer.post(action[0], f"/credentialing/review/{application}", word="accept", reason="Again.").status_code == 422


def test_a_suspended_practitioner_has_no_page_and_reads_why(house: House) -> None:
    test_from_the_form_to_a_practitioner_who_may_act(house)
    application = _application()
    clock_before = clock.now()
    done = house.reviewer.post(f"/credentialing/review/{application}/suspend", f"/credentialing/review/{application}", reason="Complaint.")
    assert done.status_code == 303
    assert house.visitor.client.get("/practitioners/dr-noe-essai").status_code == 404
    assert "Suspended" in house.applicant.get("/credentialing/mine")
    with database().reading():
        assert not standing.may(house.applicant.person_id, at=clock_before)
    assert "Visits that need somebody" in house.secretary.get("/credentialing/visits")


def test_a_document_is_opened_by_its_owner_and_reviewers_only_and_that_is_noted(house: House) -> None:
    house.applicant.apply()
    with database().reading():
        path = f"/credentialing/files/{session().exec(select(Credential.id)).first()}"
    assert house.visitor.client.get(path).status_code == 302
    house.secretary.get(path, 404)
    for person in (house.applicant, house.reviewer):
        assert "/files/" in person.client.get(path).headers["Location"]
    with database().reading():
        read = session().exec(select(AuditEvent).where(AuditEvent.action == "read", AuditEvent.object_kind == "document")).all()
        assert {event.actor_person_id for event in read} == {house.applicant.person_id, house.reviewer.person_id}


def test_the_reviewers_pages_are_the_reviewers(house: House) -> None:
    house.applicant.apply()
    application = _application()
    for path in ("/credentialing/review", f"/credentialing/review/{application}"):
        house.applicant.get(path, 404)
        house.secretary.get(path, 404)
    with database().unit_of_work():
        elsewhere = practice("elsewhere")
        session().exec(select(RoleAssignment).where(RoleAssignment.role == "reviewer")).one().organisation_id = elsewhere.organisation_id
    house.reviewer.get(f"/credentialing/review/{application}", 404)
    assert "99700219910" not in house.reviewer.get("/credentialing/review")


def test_renewing_and_withdrawing_on_ones_page(house: House, now: FixedClock) -> None:
    test_from_the_form_to_a_practitioner_who_may_act(house)
    newer = {"kind": "insurance", "file": (io.BytesIO(PDF), "new.pdf"), "file_expires": "2026-03-01"}
    wrong = house.applicant.post("/credentialing/mine/renew", "/credentialing/mine", **newer)
    assert (wrong.status_code, "This date has passed" in wrong.text) == (422, True)
    newer |= {"file": (io.BytesIO(PDF), "new.pdf"), "file_expires": "2027-06-30"}
    assert house.applicant.post("/credentialing/mine/renew", "/credentialing/mine", **newer).status_code == 303
    assert "Does this newer document replace" in house.reviewer.get("/credentialing/review")
    now.advance(timedelta(minutes=1))
    asked = house.applicant.post("/credentialing/mine/withdraw", "/credentialing/mine")
    assert (asked.status_code, "Withdraw your application?" in asked.text) == (409, True)
    assert house.applicant.post("/credentialing/mine/withdraw", "/credentialing/mine", sure="1").status_code == 303
    assert house.visitor.client.get("/practitioners/dr-noe-essai").status_code == 404


def test_mails_say_nothing_of_what_they_are_about(house: House) -> None:
    house.applicant.apply()
    with database().reading():
        rows = session().exec(select(NotificationRow)).all()
        texts = [str(notices.compose(row)) for row in rows]
    assert texts
    for text in texts:
        assert not re.search(r"insur|diplom|Essai|997002|suspend", text, re.IGNORECASE)
