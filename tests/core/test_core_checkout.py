"""Checkout where things go another way: nothing to pay, paid too late, paid twice, signed in by the link of the mail."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select
from werkzeug.test import TestResponse

from toubib import runtime
from toubib.contracts.common import Message, Money, Period
from toubib.contracts.journey import Command, EncounterView, Phase, StepState, StepStatus, Who
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database, vault
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.seams.clock import FixedClock
from toubib.services import payments, visits
from toubib.steps.base import NoForm
from toubib.testing.doubles.payment import MemoryProvider, use_memory_payments
from toubib.testing.practices import Practice, patient_session, practice
from toubib_booking import editing
from toubib_booking.seed import consultation, seed

ENGLISH = {"Accept-Language": "en"}


@dataclass
class Desk:
    """A patient's browser before a practice that can be booked."""

    client: FlaskClient
    provider: MemoryProvider
    made: Practice
    services: list[str]
    now: FixedClock

    def free(self, service: str) -> datetime:
        window = Period(self.now.now(), self.now.now() + timedelta(days=7))
        with database().reading():
            return runtime.current().scheduler.offers(OfferQuery(service, window, 500))[40].period.start

    def send(self, path: str, page: str = "/search", **form: str) -> TestResponse:
        token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.client.get(page, headers=ENGLISH, follow_redirects=True).text)
        assert token, page
        return self.client.post(path, data={"csrf_token": token[1], **form}, headers=ENGLISH)

    def held(self, service: str) -> str:
        answer = self.send("/hold", service=service, start=self.free(service).isoformat())
        path = re.match(r"/visits/([0-9a-f]+)/", answer.location)
        assert path, answer.location
        return path[1]

    def pay(self, encounter: str) -> TestResponse:
        page = f"/visits/{encounter}/price"
        shown = re.search(r'name="shown" value="([^"]+)"', self.client.get(page, headers=ENGLISH).text)
        return self.send(f"/visits/{encounter}/pay", shown=shown[1] if shown else "", provider=self.provider.name)

    def status(self, encounter: str) -> str:
        with database().reading():
            return visits.visit(encounter).appointment_status

    def look(self) -> None:
        with database().reading() as reading:
            ids = reading.exec(select(PaymentAttempt.id)).all()
        for attempt in ids:
            payments.look(attempt)

    def work(self) -> None:
        while runtime.current().jobs.run_due():
            pass

    def money(self) -> list[tuple[str, str]]:
        with database().reading() as reading:
            query = select(MoneyDue.status, PaymentAttempt.status).join(PaymentAttempt).order_by(PaymentAttempt.id)
            return [(due, attempt) for due, attempt in reading.exec(query)]

    def mails(self) -> list[str]:
        with database().reading() as reading:
            return list(reading.exec(select(NotificationRow.template).order_by(NotificationRow.template)))


@pytest.fixture
def desk(app: Callable[..., Flask], browse: Callable[[Flask], FlaskClient], now: FixedClock) -> Desk:
    application = app("booking", use={"scheduler": "booking"}, journeys={"booked": {"steps": ["payment.authorise"]}})
    provider = MemoryProvider()
    use_memory_payments(runtime.current(), provider)
    with database().unit_of_work():
        made = practice()
        services = seed(made.role_id, services=[consultation(Money(2500, "EUR")), consultation(Money(0, "EUR"))])
    return Desk(browse(application), provider, made, services, now)


@pytest.fixture
def signed_in(desk: Desk) -> Desk:
    with database().unit_of_work():
        _, token = patient_session()
    desk.client.set_cookie("tb_session", token)
    return desk


def test_a_free_visit_is_booked_without_a_card(signed_in: Desk) -> None:
    encounter = signed_in.held(signed_in.services[1])
    assert signed_in.pay(encounter).location == f"/visits/{encounter}"
    assert (signed_in.status(encounter), signed_in.money()) == ("booked", [])


def test_a_time_is_kept_an_hour_at_most_however_often_one_asks(signed_in: Desk) -> None:
    encounter = signed_in.held(signed_in.services[0])
    price, longer = f"/visits/{encounter}/price", f"/visits/{encounter}/prolong"

    def page() -> str:
        return signed_in.client.get(price, headers=ENGLISH, follow_redirects=True).text

    for _ in range(5):
        assert longer in page()
        signed_in.now.advance(timedelta(minutes=10))
        signed_in.send(longer, price, next=price)
    assert longer not in page()
    assert "It cannot be kept longer" in page()
    signed_in.pay(encounter)
    signed_in.now.advance(timedelta(minutes=10))
    signed_in.send(longer, price, next=price)
    assert "The time held for you is over" in page()
    with database().reading():
        assert visits.visit(encounter).held_until is None


def test_paid_after_the_practitioner_went_away_goes_back_and_is_told(signed_in: Desk) -> None:
    encounter = signed_in.held(signed_in.services[0])
    url = signed_in.pay(encounter).location
    signed_in.now.advance(timedelta(minutes=16))
    with database().unit_of_work():
        start = visits.visit(encounter).starts_at
        editing.add_absence(signed_in.made.role_id, Period(start - timedelta(hours=1), start + timedelta(hours=1)))
    signed_in.provider.pay(url)
    signed_in.look()
    signed_in.work()
    assert (signed_in.status(encounter), signed_in.money()) == ("pending", [("cancelled", "voided")])
    assert signed_in.mails() == ["payment_released"]


def test_paid_late_for_a_time_still_free_is_booked(signed_in: Desk) -> None:
    encounter = signed_in.held(signed_in.services[0])
    url = signed_in.pay(encounter).location
    signed_in.now.advance(timedelta(minutes=16))
    visits.expire_holds({})
    signed_in.provider.pay(url)
    signed_in.look()
    assert (signed_in.status(encounter), signed_in.money()) == ("booked", [("secured", "authorised")])


def test_paying_a_booked_visit_again_leads_to_the_visit(signed_in: Desk) -> None:
    encounter = signed_in.held(signed_in.services[0])
    signed_in.provider.pay(signed_in.pay(encounter).location)
    signed_in.look()
    again = signed_in.pay(encounter)
    assert (again.status_code, again.location) == (302, f"/visits/{encounter}")
    assert signed_in.money() == [("secured", "authorised")]


@dataclass
class Question(NoForm):
    """A step that a test opens and closes."""

    status: StepStatus = StepStatus.WAITING
    name: str = "test.question"
    title: Message = field(default=Message("toubib", "Payment"))
    phase: Phase = Phase.PREPARE
    who: Who = Who.PATIENT
    guards: frozenset[Command] = frozenset({Command.CONFIRM})
    endpoint: str | None = None

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        return {e.id: StepState(self.status) for e in encounters}


def _paid_while_open(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Question]:
    step = Question()
    monkeypatch.setattr("toubib.services.journey.steps", lambda _journey: [step])
    encounter = desk.held(desk.services[0])
    desk.provider.pay(desk.pay(encounter).location)
    desk.look()
    assert (desk.status(encounter), desk.money()) == ("pending", [("secured", "authorised")])
    return encounter, step


def test_what_was_paid_before_a_step_was_done_books_once_it_is(signed_in: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    encounter, step = _paid_while_open(signed_in, monkeypatch)
    step.status = StepStatus.DONE
    assert signed_in.pay(encounter).location == f"/visits/{encounter}"
    assert (signed_in.status(encounter), signed_in.money()) == ("booked", [("secured", "authorised")])


def test_what_was_paid_without_a_booking_goes_back_and_is_told(signed_in: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    encounter, _ = _paid_while_open(signed_in, monkeypatch)
    signed_in.now.advance(timedelta(minutes=16))
    visits.expire_holds({})
    signed_in.work()
    assert (signed_in.status(encounter), signed_in.money()) == ("lapsed", [("cancelled", "voided")])
    assert signed_in.mails() == ["payment_released"]


def test_nothing_is_owed_before_the_patient_is_known(desk: Desk) -> None:
    encounter = desk.held(desk.services[0])
    assert desk.pay(encounter).location == f"/visits/{encounter}/who"
    with database().reading() as reading:
        assert reading.exec(select(MoneyDue)).all() == []


def test_signing_in_by_the_link_goes_on_with_the_held_visit(desk: Desk) -> None:
    encounter = desk.held(desk.services[0])
    desk.send(f"/visits/{encounter}/who", email="ada@patient.test")
    with database().reading() as reading:
        row = reading.exec(select(NotificationRow)).one()
        link = re.search(r"/sign-in/link/[\w-]+", vault().read(row, "body"))
    assert link
    opened = desk.send(link[0], link[0])
    assert opened.location == f"/visits/{encounter}/details"
    page = desk.client.get(opened.location, headers=ENGLISH, follow_redirects=True)
    assert (page.status_code, page.request.path) == (200, f"/visits/{encounter}/details")
    with database().reading():
        assert visits.visit(encounter).person_id is not None
