"""The desk: who is there, who did not come and what that costs, what is paid on the spot."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib import runtime
from toubib.contracts.common import Money, Period
from toubib.contracts.identity import SYSTEM
from toubib.contracts.scheduling import Modality, OfferQuery
from toubib.db import database, session
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.machinery import AuditEvent
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import care, dues, people, settlement
from toubib.testing import books
from toubib.testing.doubles.payment import MemoryProvider, use_memory_payments
from toubib.testing.practices import Practice, patient_session, practice, practitioner_session
from toubib_booking.seed import consultation, seed

ENGLISH = {"Accept-Language": "en"}
STEPS = ("identity.traits", "coverage.estimate", "payment.authorise", "room.wait", "room.consult", "close.settle")
TRAITS = people.Traits("Test", "Ada", date(1980, 5, 1), "female", "01 99 00 00 01")


@dataclass
class Desk:
    """A practice whose no-show fee is 15 euros, a patient who booked, and their browsers."""

    app: Flask
    practice: Practice
    service: str
    patient: FlaskClient
    doctor: FlaskClient
    clock: FixedClock

    def see(self, client: FlaskClient, path: str, status: int = 200) -> str:
        answer = client.get(path, headers=ENGLISH)
        assert answer.status_code == status, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, client: FlaskClient, path: str, status: int = 303, /, **form: str) -> str:
        token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', self.see(client, "/verify"))[0]
        answer = client.post(path, data={"csrf_token": token, **form}, headers=ENGLISH)
        assert answer.status_code == status, answer.text
        return answer.text or answer.location

    def booked(self, till: MemoryProvider | None = None) -> str:
        """A visit that the patient booked and, with a till, secured by card."""
        with database().reading():
            window = Period(clock.now(), clock.now() + timedelta(days=3))
            start = runtime.current().scheduler.offers(OfferQuery(self.service, window, 30))[3].period.start
        answer = self.post(self.patient, "/hold", 302, service=self.service, start=start.isoformat())
        encounter = str(re.findall(r"/visits/([0-9a-f]+)", answer)[0])
        shown = re.findall(r'name="shown" value="([0-9a-f]+)"', self.see(self.patient, f"/visits/{encounter}/price"))[0]
        answer = self.post(self.patient, f"/visits/{encounter}/pay", 303 if till else 302, shown=shown)
        if till is not None:
            till.pay(re.findall(r'href="([^"]+)"', answer)[0] if "<" in answer else answer)
            self.patient.get(f"/visits/{encounter}/paid")
        self.clock.advance(start - self.clock.now())
        self.sign_in()
        return encounter

    def sign_in(self) -> None:
        """Time passes between the booking and the visit; the session goes on."""
        assert self.see(self.patient, "/visits")

    def page(self, encounter: str) -> str:
        """The desk's address for a visit."""
        with database().reading() as reading:
            return f"/practice/appointments/{reading.exec(select(Appointment.id).where(Appointment.encounter_id == encounter)).one()}"

    def status(self, encounter: str) -> tuple[str, str, str]:
        """Where appointment and money stand, and what the amount became."""
        with database().reading() as reading:
            appointment = reading.exec(select(Appointment).where(Appointment.encounter_id == encounter)).one()
            (due,) = dues.of_encounter(encounter)
            return appointment.status, due.status, str(due.amount.minor) if due.amount else ""

    def events(self, encounter: str) -> set[str]:
        with database().reading() as reading:
            return {row.action for row in reading.exec(select(AuditEvent)) if row.object_ids == [encounter]}


def work() -> None:
    """Let the worker do all that is due."""
    jobs = runtime.current().jobs
    for _ in range(20):
        if not jobs.run_due():
            return


@pytest.fixture
def opened(app: Callable[..., Flask], now: FixedClock) -> Callable[..., Desk]:
    def build(modality: Modality = Modality.VIDEO, fee: int | None = 1500) -> Desk:
        use = {"scheduler": "booking", "payment": ["payment_manual"], "countries": ["FR"]}
        made = app("booking", "country_fr", "payment_manual", use=use, journeys={"booked": {"steps": STEPS}}, site={"country": "FR"})
        with database().unit_of_work():
            here = practice(country="FR")
            offered = replace(consultation(Money(2500, "EUR"), modality=modality), no_show_fee_minor=fee)
            service = seed(here.role_id, services=[offered])[0]
            person, token = patient_session("Ada")
            people.set_traits(person, TRAITS)
            strong = practitioner_session(here)
        patient, doctor = made.test_client(), made.test_client()
        patient.set_cookie("tb_session", token)
        doctor.set_cookie("tb_session", strong)
        return Desk(made, here, service, patient, doctor, now)

    return build


@pytest.mark.feature("BOOK-09:b", "BOOK-23:a")
def test_a_no_show_costs_what_stood_on_the_page_and_no_more_is_taken(opened: Callable[..., Desk]) -> None:
    desk, till = opened(), MemoryProvider()
    use_memory_payments(runtime.current(), till)
    assert "€15.00" in desk.see(desk.patient, "/practitioners/praxis-dr"), "said beforehand"
    encounter = desk.booked(till)
    page = desk.page(encounter)
    assert "Did not come" not in desk.see(desk.doctor, page), "its time has just come"
    desk.post(desk.doctor, f"{page}/missed", 409, fee="ask")
    desk.clock.advance(timedelta(minutes=6))
    assert "not there yet" in desk.see(desk.doctor, "/practice"), "seen without anybody's doing"
    assert "Did not come, ask for €15.00" in desk.see(desk.doctor, page)
    desk.post(desk.doctor, f"{page}/missed", fee="ask")
    desk.post(desk.doctor, f"{page}/missed", fee="waive")
    work()
    assert desk.status(encounter) == ("noshow", "settled", "1500")
    (card,) = till.pages.values()
    assert (card.authorised, card.captured) == (2500, 1500)
    assert "€15.00 taken, the rest released" in desk.see(desk.doctor, page)
    seen = desk.see(desk.patient, f"/visits/{encounter}")
    for expected in ("Missed", "Fee for a missed appointment", "€15.00", "Invoice", "Receipt"):
        assert expected in seen
    assert "€25.00" not in seen.partition("Documents")[2], "the price of a visit that was missed is no news"
    with database().reading():
        assert list(books.papers_and_books().values()) == [(1500, 1500)]
    assert "did not come" in desk.see(desk.doctor, "/practice")
    assert "patient_no_show" in desk.events(encounter)


@pytest.mark.parametrize(("fee", "form"), [(1500, "waive"), (None, "ask")])
def test_without_a_fee_everything_held_is_released(opened: Callable[..., Desk], fee: int | None, form: str) -> None:
    desk, till = opened(fee=fee), MemoryProvider()
    use_memory_payments(runtime.current(), till)
    encounter = desk.booked(till)
    desk.clock.advance(timedelta(minutes=6))
    page = desk.page(encounter)
    assert ("ask for" in desk.see(desk.doctor, page)) is (fee is not None)
    desk.post(desk.doctor, f"{page}/missed", fee=form)
    work()
    assert desk.status(encounter) == ("noshow", "cancelled", "")
    (card,) = till.pages.values()
    assert card.captured == 0


def test_a_fee_above_what_was_accepted_is_cut_to_it(opened: Callable[..., Desk]) -> None:
    desk = opened(fee=9900)
    encounter = desk.booked()
    desk.clock.advance(timedelta(minutes=6))
    page = desk.page(encounter)
    assert "ask for €25.00" in desk.see(desk.doctor, page)
    desk.post(desk.doctor, f"{page}/missed", fee="ask")
    assert desk.status(encounter) == ("noshow", "open", "2500")
    assert "€25.00 received" in desk.see(desk.doctor, page), "it is owed at the desk"


def test_who_is_there_did_not_miss_it_and_strangers_mark_nothing(opened: Callable[..., Desk]) -> None:
    desk = opened()
    encounter = desk.booked()
    desk.see(desk.patient, f"/visits/{encounter}/room")
    desk.clock.advance(timedelta(minutes=6))
    page = desk.page(encounter)
    assert "cannot" not in desk.post(desk.doctor, f"{page}/missed", 409, fee="ask")
    with database().unit_of_work():
        colleague = practitioner_session(practice("other"))
    stranger = desk.app.test_client()
    stranger.set_cookie("tb_session", colleague)
    for client in (desk.patient, stranger):
        desk.see(client, page, 404)
        desk.post(client, f"{page}/missed", 404, fee="waive")
        desk.post(client, f"{page}/received", 404)


@pytest.mark.feature("BOOK-23:b")
def test_a_patient_who_waits_in_vain_ends_it_and_nothing_is_charged(opened: Callable[..., Desk]) -> None:
    desk, till = opened(), MemoryProvider()
    use_memory_payments(runtime.current(), till)
    encounter = desk.booked(till)
    room, off = f"/visits/{encounter}/room", f"/visits/{encounter}/room/nobody-came"
    assert "Nobody came" not in desk.see(desk.patient, room)
    desk.clock.advance(timedelta(minutes=14))
    desk.post(desk.patient, off, 409)
    desk.clock.advance(timedelta(minutes=2))
    assert "Nobody came: end the visit" in desk.see(desk.patient, room)
    desk.see(desk.doctor, f"/practice/visits/{encounter}")
    assert "Nobody came: end the visit" not in desk.see(desk.patient, room), "the practitioner has just come"
    desk.clock.advance(timedelta(minutes=2))
    assert "This visit is off" in desk.post(desk.patient, off, 200)
    work()
    assert desk.status(encounter)[:2] == ("cancelled", "cancelled")
    assert [card.captured for card in till.pages.values()] == [0]
    assert "practitioner_no_show" in desk.events(encounter)
    assert "did not come" in desk.see(desk.doctor, f"/practice/visits/{encounter}")


@pytest.mark.feature("PAY-19:a")
def test_what_is_paid_at_the_desk_is_received_there_once(opened: Callable[..., Desk]) -> None:
    desk = opened(Modality.IN_PERSON)
    encounter = desk.booked()
    page = desk.page(encounter)
    assert "received" not in desk.see(desk.doctor, page), "no amount is final yet"
    desk.post(desk.doctor, f"{page}/arrive")
    with database().unit_of_work(SYSTEM):
        assert care.admit(encounter, care.AdmissionLine(True, "FR", "", "")) is None
        assert care.end(encounter) is None
        settlement.settle(encounter)
        session().flush()
    assert "€25.00 received" in desk.see(desk.doctor, page)
    desk.post(desk.doctor, f"{page}/received")
    desk.post(desk.doctor, f"{page}/received")
    work()
    assert desk.status(encounter) == ("fulfilled", "settled", "2500")
    assert "€25.00 received at the desk" in desk.see(desk.doctor, page)
    page = desk.see(desk.patient, f"/visits/{encounter}")
    assert "€25.00 received at the desk" in page
    assert "Receipt" in page
