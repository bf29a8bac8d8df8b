"""Documents over HTTP: a short-lived address after the permission check, and an origin that serves files and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select

from toubib import runtime
from toubib.db import database, session
from toubib.db.tables.machinery import AuditEvent
from toubib.seams.clock import FixedClock
from toubib.services import documents
from toubib.testing.booked import Booked, booked, patient_session
from toubib.testing.practices import practice
from toubib.web import files_app

CONTENT = b"%PDF-1.7 not really"


@dataclass
class Shelf:
    """A visit with one document, and both origins."""

    pages: Flask
    files: FlaskClient
    visit: Booked
    document_id: str

    def patient(self) -> FlaskClient:
        """A browser of the patient."""
        client = self.pages.test_client()
        with database().unit_of_work():
            client.set_cookie("tb_session", patient_session(self.visit))
        return client


@pytest.fixture
def shelf(app: Callable[..., Flask], now: FixedClock) -> Shelf:
    pages = app(journeys={"booked": {"steps": []}})
    blob = documents.write_blob(CONTENT)
    with database().unit_of_work():
        visit = booked(practice(), now.now() + timedelta(minutes=20))
        document = documents.keep(
            blob,
            CONTENT,
            organisation_id=visit.practice.organisation_id,
            person_id=visit.person_id,
            encounter_id=visit.encounter_id,
            kind="prescription",
            filename="ordonnance “été”.pdf",
            media_type="application/pdf",
        )
    return Shelf(pages, files_app.build(runtime.current()).test_client(), visit, document)


@pytest.mark.feature("RX-03:a")
def test_the_patient_is_sent_to_the_other_origin_and_gets_the_file(shelf: Shelf) -> None:
    response = shelf.patient().get(f"/documents/{shelf.document_id}")
    address = urlsplit(response.headers["Location"])
    assert (response.status_code, address.netloc) == (303, "127.0.0.1:8001")
    file = shelf.files.get(address.path)
    assert (file.status_code, file.data, file.content_type) == (200, CONTENT, "application/pdf")
    spelled = "UTF-8''ordonnance%20%E2%80%9C%C3%A9t%C3%A9%E2%80%9D.pdf"
    assert file.headers["Content-Disposition"] == f'attachment; filename="ordonnance __t__.pdf"; filename*={spelled}'
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert file.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in file.headers


@pytest.mark.feature("REC-05:a")
def test_who_reads_is_noted_with_their_name(shelf: Shelf) -> None:
    shelf.patient().get(f"/documents/{shelf.document_id}")
    with database().reading():
        reads = session().exec(select(AuditEvent).where(AuditEvent.action == "read", col(AuditEvent.object_kind) == "document")).all()
        assert [(r.actor_person_id, r.object_ids) for r in reads] == [(shelf.visit.person_id, [shelf.document_id])]


def test_others_get_nothing(shelf: Shelf, now: FixedClock) -> None:
    with database().unit_of_work():
        other = booked(practice("second"), now.now() + timedelta(hours=1))
        stranger = shelf.pages.test_client()
        stranger.set_cookie("tb_session", patient_session(other))
    assert stranger.get(f"/documents/{shelf.document_id}").status_code == 404
    assert shelf.patient().get("/documents/unknown").status_code == 404
    visitor = shelf.pages.test_client().get(f"/documents/{shelf.document_id}")
    assert visitor.headers["Location"].startswith("/sign-in?next=")


def test_an_address_that_is_over_is_asked_for_again_and_a_forged_one_is_nothing(shelf: Shelf, now: FixedClock) -> None:
    path = urlsplit(shelf.patient().get(f"/documents/{shelf.document_id}").headers["Location"]).path
    prefix, document, until, proof = path.rsplit("/", 3)
    last = "0" if proof[-1] != "0" else "1"
    assert shelf.files.get(f"{prefix}/{document}/{until}/{proof[:-1]}{last}").status_code == 404
    assert shelf.files.get(f"{prefix}/{document}/{int(until) + 60}/{proof}").status_code == 404
    assert shelf.files.get(f"{prefix}/other/{until}/{proof}").status_code == 404
    now.advance(documents.ADDRESS_LIFE + timedelta(seconds=1))
    over = shelf.files.get(path)
    assert (over.status_code, over.headers["Location"]) == (303, f"http://localhost:8000/documents/{shelf.document_id}")


def test_the_second_origin_has_nothing_else(shelf: Shelf) -> None:
    for path in ("/", "/visits", "/sign-in", "/static/css/tokens.css"):
        found = shelf.files.get(path)
        assert (found.status_code, found.content_type) == (404, "text/plain; charset=utf-8")
        assert "sandbox" in found.headers["Content-Security-Policy"]
    assert shelf.files.post("/files/a/1/b").status_code == 405


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("bill.pdf", "attachment; filename=bill.pdf"),
        ("../../etc/passwd", "attachment; filename=passwd"),
        ('a"b\r\nX: y.pdf', "attachment; filename=\"a_b__X_ y.pdf\"; filename*=UTF-8''a%22b%0D%0AX%3A%20y.pdf"),
        ("", "attachment; filename=document"),
    ],
)
def test_file_names_cannot_break_out(name: str, header: str) -> None:
    assert files_app.disposition(name) == header
