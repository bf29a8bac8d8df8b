"""What a patient meets over HTTP: a time that is refused and why, moving online, cancelling online."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from toubib.contracts.common import Money, Period, Refused
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import visits
from toubib.testing.practices import patient_session, practice, practitioner_session
from toubib_booking import editing
from toubib_booking.seed import consultation, seed
from toubib_booking.web.shared import own_scheduler

ENGLISH = {"Accept-Language": "en"}
SETTINGS = {"use": {"scheduler": "booking"}, "journeys": {"booked": {"steps": []}}}


@dataclass
class Patient:
    """A patient with a browser, and the reason they want to be seen for."""

    client: FlaskClient
    person_id: str
    service: str
    role_id: str

    def offers(self) -> list[datetime]:
        """What is free in the coming week."""
        with database().reading():
            window = Period(clock.now(), clock.now() + timedelta(days=7))
            return [offer.period.start for offer in own_scheduler().offers(OfferQuery(self.service, window, 1000))]

    def send(self, path: str, page: str, **form: str) -> TestResponse:
        """Post a form with the token of a page."""
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.client.get(page, headers=ENGLISH).text)
        assert found, page
        return self.client.post(path, data={"csrf_token": found[1], **form}, headers=ENGLISH, follow_redirects=True)

    def booked(self, start: datetime) -> str:
        """A booked visit; its encounter's id."""
        with database().unit_of_work():
            encounter = visits.hold(self.service, start, "a browser")
            assert not isinstance(encounter, Refused)
            visits.adopt(encounter, self.person_id)
            assert visits.confirm(encounter) is None
        return encounter

    def visit(self, encounter_id: str) -> visits.Visit:
        """How the visit stands."""
        with database().reading():
            return visits.visit(encounter_id)


@pytest.fixture
def patient(app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock) -> Patient:
    assert now.now().tzinfo
    client = browse(app("booking", **SETTINGS))
    with database().unit_of_work():
        role = practice().role_id
        service = seed(role, services=[consultation(Money(2500, "EUR"), notice=90)])[0]
        away = datetime(2026, 3, 4, tzinfo=UTC)
        editing.add_absence(role, Period(away, away + timedelta(days=1)))
        person, token = patient_session()
    client.set_cookie("tb_session", token)
    return Patient(client, person, service, role)


@pytest.mark.feature("BOOK-02:b", "BOOK-05:a", "BOOK-05:b", "BOOK-05:c", "BOOK-05:d", "BOOK-05:e", "BOOK-05:f")
@pytest.mark.parametrize(("start", "status", "sentence"), [
    ("2026-03-02T08:00:00+00:00", 422, "This time has passed."),
    ("2026-03-02T14:07:00+00:00", 422, "Visits do not begin at this time."),
    ("2026-03-02T14:05:00+00:00", 422, "Visits do not begin at this time."),
    ("2026-03-02T18:00:00+00:00", 422, "The practice does not receive at this time."),
    ("2026-03-02T10:40:00+00:00", 409, "This time has just been taken. Nothing was charged."),
    ("2026-03-02T11:20:00+00:00", 422, "The visit would run into a break."),
    ("2026-03-02T10:20:00+00:00", 422, "This time is too soon"),
    ("2026-05-04T09:00:00+00:00", 422, "This time is too far ahead"),
    ("2026-03-04T09:00:00+00:00", 422, "The practitioner is away at this time."),
    ("next Tuesday", 422, "This time cannot be read."),
])  # fmt: skip
def test_a_refused_time_says_why(patient: Patient, start: str, status: int, sentence: str) -> None:
    patient.booked(datetime(2026, 3, 2, 10, 40, tzinfo=UTC))
    before = patient.offers()
    answer = patient.send("/hold", "/search", service=patient.service, start=start)
    assert (answer.status_code, sentence in answer.text) == (status, True)
    assert "Nothing was charged" in answer.text
    assert patient.offers() == before


@pytest.mark.feature("BOOK-04:a")
def test_a_chosen_time_is_held_for_the_browser_that_chose_it(patient: Patient) -> None:
    start = patient.offers()[2]
    answer = patient.client.get("/search", headers=ENGLISH)
    assert answer.status_code == 200
    held = patient.send("/hold", "/search", service=patient.service, start=start.isoformat())
    assert held.status_code == 200
    assert start not in patient.offers()
    assert patient.send("/hold", "/search", service=patient.service, start=start.isoformat()).status_code == 409


@pytest.mark.feature("BOOK-08:a", "BOOK-08:b")
def test_the_patient_moves_online_atomically(patient: Patient) -> None:
    old, new, taken = patient.offers()[20:23]
    encounter = patient.booked(old)
    other = patient.booked(taken)
    path = f"/visits/{encounter}/move"
    refused = patient.send(path, path, start=taken.isoformat())
    assert (refused.status_code, "Your present time is kept." in refused.text) == (409, True)
    assert patient.visit(encounter).starts_at == old
    assert old not in patient.offers()
    assert "Your visit is moved." in patient.send(path, path, start=new.isoformat()).text
    assert (patient.visit(encounter).starts_at, patient.visit(other).starts_at) == (new, taken)
    assert old in patient.offers()
    assert new not in patient.offers()


@pytest.mark.feature("BOOK-07:a", "BOOK-07:b")
def test_the_patient_cancels_online_and_the_time_is_free_at_once(patient: Patient) -> None:
    start = patient.offers()[20]
    path = f"/visits/{patient.booked(start)}/cancel"
    assert start not in patient.offers()
    assert "Your visit is cancelled." in patient.send(path, path).text
    assert start in patient.offers()


@pytest.mark.feature("BOOK-09:a")
def test_after_the_cut_off_the_practice_must_be_called(patient: Patient, now: FixedClock) -> None:
    start = datetime(2026, 3, 2, 14, tzinfo=UTC)
    encounter = patient.booked(start)
    now.advance(start - timedelta(hours=4) - clock.now() + timedelta(seconds=1))
    refused = patient.send(f"/visits/{encounter}/cancel", f"/visits/{encounter}/cancel")
    assert (refused.status_code, "Call the practice now." in refused.text) == (409, True)
    assert patient.visit(encounter).appointment_status == "booked"


@pytest.mark.feature("BOOK-19:c")
def test_patient_and_practitioner_in_different_zones_each_read_their_own_time(patient: Patient, browse: Callable[[Flask], FlaskClient]) -> None:
    with database().unit_of_work():
        far = practice("island", zone="Indian/Reunion")
        service = seed(far.role_id, services=[consultation(Money(2500, "EUR"))])[0]
        desk = browse(patient.client.application)
        desk.set_cookie("tb_session", practitioner_session(far))
    page = patient.client.get("/practitioners/island-dr", headers=ENGLISH).text
    assert "Times in Reunion" in page
    assert re.search(r"Tuesday 3 March at 9:00\sAM, by video \(6:00\sAM in Paris\)", page)
    with database().unit_of_work():
        encounter = visits.hold(service, datetime(2026, 3, 3, 5, tzinfo=UTC), "a browser")
        assert not isinstance(encounter, Refused)
        visits.adopt(encounter, patient.person_id)
        visits.confirm(encounter)
    agenda = desk.get(f"/booking/roles/{far.role_id}/agenda?day=2026-03-03", headers=ENGLISH).text
    assert re.search(r"9:00\sAM – 9:20\sAM", agenda)
    assert "Indian/Reunion" in agenda


def test_an_unreadable_time_moves_nothing(patient: Patient) -> None:
    encounter = patient.booked(patient.offers()[20])
    path = f"/visits/{encounter}/move"
    refused = patient.send(path, path, start="later")
    assert (refused.status_code, "Your present time is kept." in refused.text) == (409, True)


def _chosen(patient: Patient, start: datetime) -> tuple[str, str]:
    """Hold a time on the pages and go to the price; the visit's path and the page's proof of what was shown."""
    held = patient.send("/hold", "/search", service=patient.service, start=start.isoformat())
    path = re.match(r"(/visits/[0-9a-f]+)/", held.request.path)
    assert path, held.request.path
    page = patient.client.get(f"{path[1]}/price", headers=ENGLISH).text
    shown = re.search(r'name="shown" value="([^"]+)"', page)
    assert shown
    return path[1], shown[1]


@pytest.mark.feature("BOOK-02:a")
def test_a_booking_answers_booked_in_the_same_request(patient: Patient) -> None:
    start = patient.offers()[9]
    path, shown = _chosen(patient, start)
    answer = patient.send(f"{path}/pay", f"{path}/price", shown=shown)
    assert (answer.status_code, "Booked" in answer.text) == (200, True)
    assert patient.visit(path.removeprefix("/visits/")).appointment_status == "booked"
    assert start not in patient.offers()


@pytest.mark.feature("BOOK-02:b")
def test_a_time_lost_meanwhile_answers_refused_in_the_same_request(patient: Patient, now: FixedClock) -> None:
    start = patient.offers()[20]
    path, shown = _chosen(patient, start)
    now.advance(timedelta(minutes=16))
    patient.booked(start)
    answer = patient.send(f"{path}/pay", f"{path}/price", shown=shown)
    assert answer.status_code == 409
    assert "Nothing was charged" in answer.text
    assert patient.visit(path.removeprefix("/visits/")).appointment_status == "pending"


@pytest.mark.feature("BOOK-04:b")
def test_a_hold_that_lapsed_still_books_while_the_time_is_free(patient: Patient, now: FixedClock) -> None:
    start = patient.offers()[20]
    path, shown = _chosen(patient, start)
    now.advance(timedelta(minutes=16))
    assert start in patient.offers()
    assert "Booked" in patient.send(f"{path}/pay", f"{path}/price", shown=shown).text
    assert start not in patient.offers()
