"""The pharmacist's page: what it says of a code, and that it never says what was prescribed."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select
from werkzeug.test import TestResponse

from toubib.contracts.prescription import MedicationLine
from toubib.db import database, session, vault
from toubib.db.states import move
from toubib.db.tables.machinery import AuditEvent, RateCount
from toubib.db.tables.prescriptions import Prescription
from toubib.seams.clock import FixedClock
from toubib.services import prescriptions
from toubib.services.secrets import fingerprint
from toubib.testing.booked import booked
from toubib.testing.practices import practice

CODE = "4821 7390 5566 1207"
ENGLISH = {"Accept-Language": "en"}


class Pharmacy:
    """Somebody at the public page, and the prescription that they hold."""

    def __init__(self, client: FlaskClient, prescription_id: str) -> None:
        self.client, self.prescription_id = client, prescription_id

    def check(self, code: str) -> TestResponse:
        """Type a code."""
        page = self.client.get("/verify", headers=ENGLISH).text
        token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', page)[0]
        return self.client.post("/verify", data={"csrf_token": token, "code": code}, headers=ENGLISH)

    def says(self, status: int = 200, code: str = CODE) -> str:
        """The page's answer for a code."""
        response = self.check(code)
        assert response.status_code == status, response.text
        assert "Clobetasol" not in response.text, "content is never said"
        assert "Ada" not in response.text, "nor whose it is"
        return response.text


@pytest.fixture
def pharmacy(app: Callable[..., Flask], now: FixedClock) -> Pharmacy:
    made = app(journeys={"booked": {"steps": []}})
    with database().unit_of_work():
        visit = booked(practice(), now.now() + timedelta(minutes=20))
        row_id = prescriptions.draft(visit.encounter_id)
        prescriptions.set_lines(row_id, [MedicationLine("Clobetasol cream", "1 application", "evening", 7)])
        row = session().get_one(Prescription, row_id)
        move("prescription", row, "issued")
        row.issued_at, row.valid_until, row.verify_hash = now.now(), date(2026, 6, 2), fingerprint(CODE.replace(" ", ""))
        vault().seal(row, "verify_code", CODE.replace(" ", ""))
    return Pharmacy(made.test_client(), row_id)


@pytest.mark.feature("RX-04:a")
def test_an_authentic_one_names_date_and_prescriber(pharmacy: Pharmacy) -> None:
    page = pharmacy.says()
    assert "Authentic" in page
    assert "Dr Praxis" in page
    assert "Monday 2 March 2026" in page
    assert "June 2, 2026" in page
    assert "Authentic" in pharmacy.says(code=CODE.replace(" ", "-")), "typed with other separators"


def test_the_patient_sees_that_a_pharmacy_asked(pharmacy: Pharmacy) -> None:
    pharmacy.says()
    with database().reading():
        reads = session().exec(select(AuditEvent).where(col(AuditEvent.object_kind) == "prescription_authenticity")).all()
        assert [(r.actor_kind, r.object_ids, bool(r.person_id)) for r in reads] == [("pharmacist", [pharmacy.prescription_id], True)]


def test_a_wrong_code_is_a_clear_sentence(pharmacy: Pharmacy) -> None:
    assert "No prescription bears this code" in pharmacy.says(404, "4821 7390 5566 1208")
    for short in ("", "4821", "letters only", CODE + "1"):
        page = pharmacy.says(422, short)
        digits = sum(c.isdigit() for c in short)
        assert f"has 16 digits; {digits} were typed" in page
    assert 'value="4821"' in pharmacy.says(422, "4821"), "what was typed is kept"


def test_revoked_and_expired_are_told_apart(pharmacy: Pharmacy, now: FixedClock) -> None:
    now.advance(timedelta(days=93))
    assert "Authentic, but expired" in pharmacy.says()
    with database().unit_of_work():
        prescriptions.revoke(pharmacy.prescription_id, "Clobetasol was the wrong drug")
    page = pharmacy.says()
    assert "Revoked" in page
    assert "Wednesday 3 June 2026" in page


def test_a_replaced_one_leads_to_the_newer(pharmacy: Pharmacy, now: FixedClock) -> None:
    with database().unit_of_work():
        old = session().get_one(Prescription, pharmacy.prescription_id)
        move("prescription", old, "replaced")
    assert "Another one took its place. Ask the patient for that one." in pharmacy.says()
    now.advance(timedelta(days=1))
    with database().unit_of_work():
        newer = session().get_one(Prescription, prescriptions.draft(old.encounter_id))
        newer.replaces_id, newer.issued_at = old.id, now.now()
        move("prescription", newer, "issued")
    assert "took its place on Tuesday 3 March 2026" in pharmacy.says()


@pytest.mark.feature("RX-04:a")
def test_the_code_of_a_square_is_filled_in_and_not_asked_by_itself(pharmacy: Pharmacy) -> None:
    page = pharmacy.client.get(f"/verify?code={CODE}", headers=ENGLISH).text
    assert f'value="{CODE}"' in page
    assert "Authentic" not in page
    assert "&lt;script&gt;" in pharmacy.client.get("/verify?code=<script>").text


def test_guessing_is_stopped_with_a_sentence(pharmacy: Pharmacy, now: FixedClock) -> None:
    with database().unit_of_work():
        session().add(RateCount(name=f"verify:{fingerprint('127.0.0.1')}", window=now.now().strftime("%Y-%m-%dT%H"), count=59))
    assert "No prescription" in pharmacy.says(404, "0" * 16)
    assert "Too many tries" in pharmacy.says(429)
    assert "Too many tries" in pharmacy.says(429)
    now.advance(timedelta(hours=1))
    assert "Authentic" in pharmacy.says()
