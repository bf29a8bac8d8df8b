"""Through the core: pages, webhooks, orders and the ledger, with the double on the other side of HTTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import stripe

from toubib import runtime
from toubib.contracts.common import Period
from toubib.contracts.payment import Redirect
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import ledger, payments, reconciliation
from toubib.testing.tills import BACK, Till
from toubib_payment_stripe.client import connect
from toubib_payment_stripe.double.launcher import CHALLENGED_CARD, DECLINED_CARD, SAVED_AFTER_CHALLENGE, Double, start_double
from toubib_payment_stripe.settings import Settings

NAME = "payment_stripe"


@pytest.fixture(scope="module")
def running() -> Iterator[Double]:
    with start_double() as double:
        yield double


@dataclass
class Shop:
    """A practice whose payers pay at the double; both live by the same clock."""

    till: Till
    double: Double
    before: int = 0

    def begun(self, due: str, *, visit_in: timedelta = timedelta(days=1)) -> tuple[str, str]:
        """An attempt and the address of its page."""
        attempt = self.till.attempt(due, visit_in=visit_in, provider=NAME)
        answer = payments.begin(attempt, BACK)
        assert isinstance(answer, Redirect)
        return attempt, answer.url

    def deliver(self, **how: Any) -> None:
        """Hand all webhooks so far to the core, in an order and number of copies, then let the worker work."""
        for headers, body in self.arranged(**how):
            assert payments.receive(NAME, headers, body) == 200
        self.till.work()

    def arranged(self, order: Callable[[int], int] = int, copies: int = 1) -> list[tuple[dict[str, str], bytes]]:
        """The webhooks so far, each `copies` times, sorted by what `order` says of their places."""
        events = [event for event in self.double.signed_events()[self.before :] for _copy in range(copies)]
        return [events[place] for place in sorted(range(len(events)), key=order)]

    def wait(self, by: timedelta) -> None:
        """Let time pass at both sides, then let the worker work."""
        self.till.clock.advance(by)
        self.double.set_clock(clock.now())
        self.till.work()

    def intents(self) -> dict[str, stripe.PaymentIntent]:
        """Stripe's own book: the intents of this test by attempt."""
        client = connect(Settings.model_validate({"api_base": self.double.base_url}))
        return {intent.metadata["toubib_attempt"]: intent for intent in client.v1.payment_intents.list({"limit": 100}).data}

    def differences(self) -> list[str]:
        """What ledger and Stripe do not agree on, about attempts of this test."""
        day = Period(clock.now() - timedelta(days=40), clock.now() + timedelta(days=1))
        return [found.attempt_id for found in reconciliation.compare(NAME, day) if found.attempt_id]


@pytest.fixture
def shop(installation: Callable[..., Toubib], now: FixedClock, running: Double) -> Shop:
    running.set_clock(now.now())
    started = installation(NAME, use={"payment": [NAME]}, settings={NAME: {"api_base": running.base_url}})
    till = Till.opened(started, now)
    offered = started.settings.model_copy(update={"use": started.settings.use.model_copy(update={"payment": (NAME,)})})
    till.toubib = _offering(started, offered)
    return Shop(till, running, len(running.signed_events()))


def _offering(started: Toubib, settings: Any) -> Toubib:
    made = replace(started, settings=settings)
    runtime.use(made)
    return made


@pytest.mark.feature("PAY-03:a", "PAY-03:b", "PAY-09:a", "PAY-13:c")
def test_authorised_captured_released_and_booked(shop: Shop) -> None:
    due = shop.till.due(6000)
    attempt, url = shop.begun(due)
    shop.double.pay(url, CHALLENGED_CARD)
    assert payments.look(attempt).status == "authorised"
    assert shop.till.settle(due, 2500)
    seen = shop.till.view(attempt)
    assert (seen.status, seen.captured.minor) == ("captured", 2500)
    intent = shop.intents()[attempt]
    assert (intent.amount_received, intent.amount_capturable) == (2500, 0)
    assert shop.differences() == []


@pytest.mark.feature("PAY-08:a", "PAY-08:b", "PAY-08:c")
@pytest.mark.parametrize("order", [int, lambda place: -place, lambda place: place * 7919 % 31], ids=["in order", "reversed", "shuffled"])
def test_webhooks_alone_bring_the_truth_in_any_order(shop: Shop, order: Callable[[int], int]) -> None:
    due = shop.till.due(6000)
    attempt, url = shop.begun(due)
    shop.double.pay(url)
    shop.deliver(order=order, copies=3)
    assert shop.till.view(attempt).status == "authorised"
    shop.till.settle(due, 2500)
    payments.execute_all(shop.till.order(payments.release, due))
    shop.deliver(order=order, copies=2)
    shop.wait(timedelta(minutes=30))
    seen = shop.till.view(attempt)
    assert (seen.status, seen.captured.minor, seen.refunded.minor) == ("refunded", 2500, 2500)
    with database().reading():
        assert ledger.trial_balance() in ({}, {"EUR": 0})
    assert shop.differences() == []


@pytest.mark.feature("PAY-08:d")
def test_a_forged_webhook_is_refused_and_changes_nothing(shop: Shop) -> None:
    due = shop.till.due(6000)
    attempt, url = shop.begun(due)
    shop.double.pay(url)
    for headers, body in shop.arranged():
        assert payments.receive(NAME, headers, body + b" ") == 400
        assert payments.receive(NAME, {}, body) == 400
    assert shop.till.view(attempt).status == "pending"


def test_what_is_refunded_at_stripe_itself_reaches_the_ledger(shop: Shop) -> None:
    due = shop.till.due(6000)
    attempt, url = shop.begun(due)
    shop.double.pay(url)
    payments.look(attempt)
    shop.till.settle(due, 2500)
    client = connect(Settings.model_validate({"api_base": shop.double.base_url}))
    client.v1.refunds.create({"payment_intent": shop.intents()[attempt].id, "amount": 700})
    shop.deliver()
    assert shop.till.view(attempt).refunded.minor == 700
    assert shop.differences() == []


@pytest.mark.feature("PAY-15:b")
def test_a_page_whose_hold_lapsed_can_no_longer_be_paid(shop: Shop) -> None:
    attempt, url = shop.begun(shop.till.due(6000))
    shop.wait(timedelta(minutes=16))
    shop.wait(timedelta(minutes=5))
    assert shop.double.pay(url) == ""
    shop.wait(timedelta(hours=2))
    assert shop.till.view(attempt).status == "expired"


def test_an_authorisation_that_nobody_captured_is_known_to_have_ended(shop: Shop) -> None:
    attempt, url = shop.begun(shop.till.due(6000))
    shop.double.pay(url)
    payments.look(attempt)
    shop.wait(timedelta(days=7, minutes=1))
    shop.wait(timedelta(minutes=5))
    assert shop.till.view(attempt).status == "expired"


@pytest.mark.feature("PAY-03:c")
def test_beyond_the_window_the_card_is_saved_and_authorised_before_the_visit(shop: Shop) -> None:
    due = shop.till.due(6000)
    attempt, url = shop.begun(due, visit_in=timedelta(days=21))
    shop.double.pay(url, SAVED_AFTER_CHALLENGE)
    assert payments.look(attempt).status == "method_saved"
    assert attempt not in shop.intents()
    shop.wait(timedelta(days=19, hours=1))
    assert shop.till.view(attempt).status == "authorised"
    assert shop.till.settle(due, 2500)
    assert shop.intents()[attempt].amount_received == 2500
    assert shop.differences() == []


def test_a_saved_card_that_the_bank_refuses_later_asks_for_the_payer(shop: Shop) -> None:
    due = shop.till.due(6000)
    attempt, url = shop.begun(due, visit_in=timedelta(days=21))
    shop.double.pay(url, CHALLENGED_CARD)
    payments.look(attempt)
    shop.wait(timedelta(days=19, hours=1))
    for _hour in range(3):
        shop.wait(timedelta(hours=1))
    assert shop.till.view(attempt).status == "expired"
    assert shop.till.status(due) == "open"
    again, url = shop.begun(due)
    shop.double.pay(url)
    assert payments.look(again).status == "authorised"


def test_a_refused_card_leaves_its_reason_and_the_page_open(shop: Shop) -> None:
    attempt, url = shop.begun(shop.till.due(6000))
    shop.double.pay(url, DECLINED_CARD)
    seen = payments.look(attempt)
    assert seen.status == "pending"
    assert seen.failure is not None
    assert "refused the card" in seen.failure.key
    shop.double.pay(url)
    seen = payments.look(attempt)
    assert (seen.status, seen.failure) == ("authorised", None)


def test_a_capture_whose_answer_was_lost_is_booked_once(shop: Shop) -> None:
    due = shop.till.due(6000)
    attempt, url = shop.begun(due)
    shop.double.pay(url)
    payments.look(attempt)
    shop.double.break_next("POST", "capture", "after")
    assert not shop.till.settle(due, 2500)
    shop.wait(timedelta(minutes=1))
    shop.deliver(copies=2)
    seen = shop.till.view(attempt)
    assert (seen.status, seen.captured.minor) == ("captured", 2500)
    assert shop.differences() == []
