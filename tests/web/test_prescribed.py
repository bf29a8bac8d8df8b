"""A signed prescription afterwards: withdrawn or replaced by its author, dispensed and undone by pharmacies, read so by everybody at once."""

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select

from toubib.contracts.common import ContractError
from toubib.contracts.prescription import MedicationLine
from toubib.db import database, session, vault
from toubib.db.tables.access import Account
from toubib.db.tables.machinery import AuditEvent, NotificationRow
from toubib.db.tables.prescriptions import Prescription
from toubib.seams.clock import FixedClock
from toubib.services import prescriptions
from toubib.testing.booked import Booked, booked, patient_session
from toubib.testing.practices import practice, practitioner_session

ENGLISH = {"Accept-Language": "en"}
USE = {"carrier": "eprescription_email", "countries": ["FR"]}
PHARMACY = "Pharmacie des Lilas, Testville"


@dataclass
class Site:
    """A signed prescription of two lines, its author, its patient and a pharmacy's browser."""

    visit: Booked
    prescription_id: str
    doctor: FlaskClient
    patient: FlaskClient
    pharmacy: FlaskClient

    def send(self, client: FlaskClient, path: str, status: int = 303, /, **fields: str) -> str:
        page = client.get("/verify", headers=ENGLISH).text
        token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', page)[0]
        response = client.post(path, data={"csrf_token": token, **fields}, headers=ENGLISH)
        assert response.status_code == status, response.text
        return response.text

    def page(self) -> str:
        """The patient's page of the visit."""
        return self.patient.get(f"/visits/{self.visit.encounter_id}", headers=ENGLISH).text

    def code(self, prescription_id: str = "") -> str:
        """What stands under the square of the paper."""
        with database().reading():
            row = session().get_one(Prescription, prescription_id or self.prescription_id)
            return vault().read(row, "verify_code")

    def patient_code(self) -> str:
        """What the patient reads out at the counter."""
        found = re.search(r'class="tb-code">(\d{3} \d{3})<', self.page())
        assert found
        return found[1]

    def verify(self, what: str = "", status: int = 200, **fields: str) -> str:
        """The pharmacy's page with both codes."""
        keys = {"code": self.code(), "patient_code": self.patient_code(), "pharmacy": PHARMACY}
        return self.send(self.pharmacy, f"/verify/{what or 'lines'}", status, **{**keys, **fields})

    def line(self, drug: str) -> str:
        """The id of a line, from the pharmacy's page."""
        part = self.verify().split(drug, 1)[1]
        found = re.search(r'name="line" value="([0-9a-f]+)"', part)
        assert found
        return found[1]

    def path(self, rest: str = "") -> str:
        return f"/practice/prescriptions/{self.prescription_id}{rest}"


@pytest.fixture
def site(app: Callable[..., Flask], now: FixedClock) -> Site:
    made = app("country_fr", "eprescription_email", use=USE, journeys={"booked": {"steps": []}}, site={"country": "FR"})
    with database().unit_of_work():
        visit = booked(practice(country="FR"), now.now() + timedelta(minutes=20), modality="in_person")
        row_id = prescriptions.draft(visit.encounter_id)
        lines = [MedicationLine("Saline drops", "2 drops", "evening", 5), MedicationLine("Barley syrup", "1 spoon", "morning", 7)]
        prescriptions.set_lines(row_id, lines)
        assert prescriptions.issue(row_id) is None
        tokens = practitioner_session(visit.practice), patient_session(visit)
        account = session().exec(select(Account).where(Account.person_id == visit.person_id)).one()
        vault().seal(account, "email", "ada@patient.test")
    prescriptions.make_document(row_id)
    doctor, patient, pharmacy = (made.test_client() for _ in range(3))
    doctor.set_cookie("tb_session", tokens[0])
    patient.set_cookie("tb_session", tokens[1])
    return Site(visit, row_id, doctor, patient, pharmacy)


def mails() -> list[str]:
    with database().reading() as reading:
        return [row.template for row in reading.exec(select(NotificationRow).order_by(col(NotificationRow.created_at)))]


def test_its_author_withdraws_it_with_a_reason_and_everybody_reads_so_at_once(site: Site) -> None:
    assert "Write why" in site.send(site.doctor, site.path("/withdraw"), 422, reason="  ")
    assert "Authentic" in site.send(site.pharmacy, "/verify", 200, code=site.code())
    site.send(site.doctor, site.path("/withdraw"), reason="A wrong patient")
    assert "Withdrawn: do not use it any more." in site.page()
    assert "A wrong patient" not in site.page(), "the reason is the practice's"
    page = site.send(site.pharmacy, "/verify", 200, code=site.code())
    assert "Revoked" in page
    assert "A wrong patient" not in page
    assert "A wrong patient" in site.doctor.get(site.path(), headers=ENGLISH).text
    site.send(site.doctor, site.path("/withdraw"), reason="Twice changes nothing")
    assert mails() == ["document_ready", "prescription_withdrawn"]


def test_nobody_else_withdraws_it(site: Site) -> None:
    with database().unit_of_work():
        colleague = practitioner_session(practice("other"))
    for client in (site.patient, site.pharmacy):
        assert site.send(client, site.path("/withdraw"), 404, reason="mine")
    site.pharmacy.set_cookie("tb_session", colleague)
    site.send(site.pharmacy, site.path("/replace"), 404, reason="mine")
    assert "Authentic" in site.send(site.pharmacy, "/verify", 200, code=site.code())


def test_a_replacement_takes_its_place_when_it_is_signed_and_not_before(site: Site) -> None:
    site.send(site.doctor, site.path("/replace"), reason="A lower dose")
    editor = f"/practice/visits/{site.visit.encounter_id}/prescription"
    page = site.doctor.get(editor, headers=ENGLISH).text
    assert "Barley syrup" in page, "its lines are copied"
    assert "until then that one holds" in page
    assert "Authentic" in site.send(site.pharmacy, "/verify", 200, code=site.code())
    sheet = site.doctor.get(f"{editor}/sign", headers=ENGLISH).text
    site.send(site.doctor, f"{editor}/sign", seen=re.findall(r'name="seen" value="([0-9a-f]+)"', sheet)[0])
    assert "Another one took its place on Monday 2 March 2026" in site.send(site.pharmacy, "/verify", 200, code=site.code())
    page = site.page()
    assert "Replaced: use the newer one." in page
    assert page.count("tb-code") == 1, "the newer one has the code"
    assert "A lower dose" in site.doctor.get(site.path(), headers=ENGLISH).text
    with database().reading() as reading:
        newer = reading.exec(select(Prescription).where(Prescription.replaces_id == site.prescription_id)).one()
        assert (newer.version, prescriptions.issued(newer.id).replaces) == (2, site.prescription_id)
    assert "does not hold any more" in site.send(site.doctor, site.path("/replace"), 409, reason="again")


def test_the_former_one_holds_when_its_author_thinks_again(site: Site) -> None:
    site.send(site.doctor, site.path("/replace"), reason="A lower dose")
    encounter = site.visit.encounter_id
    site.send(site.doctor, f"/practice/visits/{encounter}/prescription/keep-former")
    sheet = site.doctor.get(f"/practice/visits/{encounter}/prescription/sign", headers=ENGLISH).text
    site.send(site.doctor, f"/practice/visits/{encounter}/prescription/sign", seen=re.findall(r'name="seen" value="([0-9a-f]+)"', sheet)[0])
    assert "Authentic" in site.send(site.pharmacy, "/verify", 200, code=site.code())


def test_what_is_signed_in_one_window_while_it_changes_in_another_is_what_a_pharmacy_reads(site: Site) -> None:
    with database().unit_of_work():
        draft = prescriptions.draft(site.visit.encounter_id)
        prescriptions.set_lines(draft, [MedicationLine("Saline drops", "2 drops", "evening", 5)])

    def change() -> None:
        with suppress(ContractError), database().unit_of_work():
            prescriptions.set_lines(draft, [MedicationLine("Barley syrup", "1 spoon", "morning", 7)])

    window = threading.Thread(target=change)
    with database().unit_of_work():
        assert prescriptions.issue(draft) is None
        window.start()
        window.join(0.5)  # long enough to find a draft that is none any more, unless it has to wait
    window.join(20)
    with database().reading():
        assert [line.text for line in prescriptions.issued(draft).lines] == [line.text for line in prescriptions.lines(draft)] == ["Saline drops"]


@pytest.mark.feature("RX-16:a", "RX-16:b")
def test_the_lines_need_the_patients_code_beside_the_papers(site: Site, now: FixedClock) -> None:
    page = site.send(site.pharmacy, "/verify", 200, code=site.code())
    assert "Saline" not in page
    assert "Ada" not in page
    for wrong in ("000 000", "", site.code()):
        page = site.verify(status=422, patient_code=wrong)
        assert "not the patient" in page
        assert "Saline" not in page
    assert "Write the name and town" in site.verify(status=422, pharmacy=" ")
    page = site.verify()
    assert "Saline drops" in page
    assert "2 drops, evening, for 5 days" in page
    assert "Ada Test" in page
    code = site.patient_code()
    now.advance(timedelta(days=2))
    assert "not the patient" in site.send(site.pharmacy, "/verify/lines", 422, code=site.code(), patient_code=code, pharmacy=PHARMACY)


def test_the_patients_code_cannot_be_guessed(site: Site, now: FixedClock) -> None:
    for _try in range(5):
        site.verify(status=422, patient_code="000 000")
    for guess in ("000 001", "000 002"):
        assert "Too many tries" in site.verify(status=429, patient_code=guess)
    assert "Saline drops" not in site.verify(status=429), "nor does the right one open, or guessing would go on until it is found"
    now.advance(timedelta(hours=1))
    assert "Saline drops" in site.verify(), "in the next hour it opens"


@pytest.mark.feature("RX-04:b")
def test_each_line_is_handed_out_once_whole_or_in_parts(site: Site) -> None:
    drops, syrup = site.line("Saline drops"), site.line("Barley syrup")
    page = site.verify("dispense", line=drops)
    assert f"Handed out by {PHARMACY} on Monday 2 March 2026: all of it" in page
    other = "Pharmacie du Port, Testville"
    page = site.verify("dispense", 409, line=drops, pharmacy=other)
    assert "handed out already" in page
    assert f"by {other}" not in page, "nothing was recorded"
    assert "Write how much" in site.verify("dispense", 409, line=syrup, part="1", quantity=" ")
    site.verify("dispense", line=syrup, part="1", quantity="1 bottle")
    page = site.verify("dispense", line=syrup, pharmacy=other)
    assert f"Handed out by {PHARMACY} on Monday 2 March 2026: 1 bottle" in page
    assert f"Handed out by {other} on Monday 2 March 2026: all of it" in page
    site.verify("dispense", 409, line=syrup, part="1", quantity="1 more")
    assert "handed out" not in site.verify("dispense", 409, line="f" * 32).split("does not stand")[0].rsplit("<h1", 1)[1]
    for reader in (site.page(), site.doctor.get(site.path(), headers=ENGLISH).text):
        assert f"Handed out by {other}" in reader


@pytest.mark.feature("RX-16:c")
def test_a_wrong_entry_is_undone_and_stays_readable(site: Site) -> None:
    drops = site.line("Saline drops")
    entry = re.search(r'name="entry" value="([0-9a-f]+)"', site.verify("dispense", line=drops))
    assert entry
    page = site.verify("undo", entry=entry[1])
    assert "marked as wrong" in page
    site.verify("undo", entry=entry[1])
    site.verify("undo", 409, entry="f" * 32)
    page = site.verify("dispense", line=drops)
    assert "marked as wrong" in page
    assert "all of it" in page
    with database().reading() as reading:
        query = select(AuditEvent).where(col(AuditEvent.action).in_(("dispense", "undo_dispense"))).order_by(col(AuditEvent.at), AuditEvent.id)
        trail = reading.exec(query).all()
        assert sorted(e.action for e in trail) == ["dispense", "dispense", "undo_dispense"]
        assert {(e.actor_kind, e.reason, e.person_id) for e in trail} == {("pharmacist", PHARMACY, site.visit.person_id)}


def test_nothing_is_handed_out_on_what_does_not_hold(site: Site) -> None:
    drops, keys = site.line("Saline drops"), {"code": site.code(), "patient_code": site.patient_code(), "pharmacy": PHARMACY}
    site.send(site.doctor, site.path("/withdraw"), reason="A wrong patient")
    page = site.send(site.pharmacy, "/verify/dispense", 409, **keys, line=drops)
    assert "withdrawn or replaced meanwhile" in page
    assert "All of it is handed out" not in page
