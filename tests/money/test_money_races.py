"""Two things at once on one payment: whatever comes in between, nothing stays held and nothing is counted wrongly."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from toubib.contracts.common import Money
from toubib.contracts.payment import Attempt, Done, Observed, ObservedState, PaymentMode, ProviderCapabilities, Redirect
from toubib.db import database, session
from toubib.db.tables.machinery import JobRow
from toubib.services import dues, ledger, payments, reconciliation, visits
from toubib.testing.doubles.payment import Crash, MemoryProvider, use_memory_payments
from toubib.testing.tills import BACK, PURPOSE, Till

NINETEEN, TWENTY = timedelta(days=19), timedelta(days=20)


class Interrupted(MemoryProvider):
    """Something else happens between the provider's effect and its answer."""

    def begin(self, attempt: Attempt, return_url: str) -> Redirect | Done:
        answer = super().begin(attempt, return_url)
        if MEANWHILE:
            MEANWHILE.pop()()
        return answer

    def refund(self, attempt: Attempt, amount: Money, key: str) -> Observed:
        answer = super().refund(attempt, amount, key)
        if MEANWHILE:
            MEANWHILE.pop()()
        return answer


MEANWHILE: list[Callable[[], object]] = []


@pytest.fixture
def slow(till: Till) -> Till:
    till.provider = Interrupted()
    use_memory_payments(till.toubib, till.provider)
    return till


def test_an_attempt_given_up_while_it_began_gets_its_page_closed(slow: Till) -> None:
    due = slow.due()
    attempt = slow.attempt(due)
    MEANWHILE.append(lambda: slow.order(payments.give_up, due))
    with pytest.raises(payments.AttemptOver):
        payments.begin(attempt, BACK)
    slow.work()
    page = slow.provider.of(attempt)[0]
    assert (slow.view(attempt).status, page.state) == ("expired", ObservedState.EXPIRED)


def test_a_visit_cancelled_while_its_card_was_being_authorised_keeps_no_money(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due, visit_in=TWENTY)
    till.clock.advance(NINETEEN)
    till.provider.faults[:] = ["lost_answer"]
    till.toubib.jobs.ensure_periodic()
    till.toubib.jobs.run_due()
    assert [page.state for page in till.provider.of(attempt)] == [ObservedState.METHOD_SAVED, ObservedState.AUTHORISED]
    assert till.view(attempt).status == "method_saved"
    till.order(payments.release, due)
    for _ in range(3):
        till.work(minutes=2)
    assert (till.view(attempt).status, till.status(due)) == ("voided", "cancelled")
    assert ObservedState.AUTHORISED not in {page.state for page in till.provider.of(attempt)}


def test_a_visit_cancelled_while_it_was_being_captured_is_refunded(till: Till) -> None:
    due = till.due(6000)
    attempt = till.secured(due)
    call = till.order(payments.order_capture, attempt, 2500)
    till.order(payments.release, due)
    payments.execute(call)
    till.work()
    assert (till.view(attempt).status, till.status(due)) == ("refunded", "cancelled")
    with database().reading():
        assert reconciliation.faults() == []


def test_a_refund_whose_news_comes_before_its_answer_is_done_all_the_same(slow: Till) -> None:
    due = slow.due(6000)
    attempt = slow.secured(due)
    slow.settle(due, 2500)
    for amount, why in ((1000, "goodwill"), (500, "more")):
        call = slow.order(payments.order_refund, attempt, amount, why)
        MEANWHILE.append(lambda: payments.look(attempt))
        payments.execute(call)
    assert slow.order(payments.open_calls, due) == []
    assert slow.view(attempt).refunded == Money(1500, "EUR")
    slow.work(minutes=600)
    with database().reading():
        assert session().exec(select(JobRow.name).where(JobRow.state == "dead")).all() == []
        assert reconciliation.faults() == []


def test_what_was_paid_too_much_is_no_earned_money(till: Till) -> None:
    till.provider.capabilities = ProviderCapabilities(frozenset({"EUR"}), frozenset({PaymentMode.CHARGE}), None, refunds=True)
    due = till.due(6000)
    attempt = till.secured(due)
    till.order(dues.set_final, due, 2500)
    payments.execute(till.order(payments.order_refund, attempt, 4000, "by hand"))
    with database().reading():
        assert ledger.given_up(due) == 500
        assert ledger.of_due(due) == Money(0, "EUR")
        assert reconciliation.faults() == []


def test_a_job_that_died_is_taken_over_and_makes_the_call_once(till: Till) -> None:
    for fault in ("crash_before", "crash_after"):
        due = till.due(6000)
        attempt = till.secured(due)
        till.order(dues.set_final, due, 2500)
        till.order(payments.collect, due)
        till.provider.faults[:] = [fault]
        with pytest.raises(Crash):
            till.work()
        assert till.view(attempt).status == "authorised"
        till.work(minutes=3)
        assert (till.view(attempt).status, till.status(due), till.provider.of(attempt)[0].captured) == ("captured", "settled", 2500)
    captures = [m for m in till.provider.moved if m.kind == "capture"]
    assert len(captures) == 2


def test_a_visit_that_is_cancelled_while_its_payment_is_confirmed_ends_cancelled_and_released(till: Till) -> None:
    """Each holds what the other needs next, unless both take the visit first: PostgreSQL would end one of them as a deadlock."""
    payments.decide_with(PURPOSE, lambda due, _attempt: confirm(str(due.encounter_id)))
    encounter = till.visit(2500)
    with database().unit_of_work():
        due = dues.open_due(till.organisation_id, encounter, PURPOSE, till.person_id, "EUR", 6000)
    attempt, url = till.begun(due)
    till.provider.pay(url)
    begun = threading.Event()
    faults: list[Exception] = []

    def confirm(encounter_id: str) -> None:
        visits.locked(encounter_id)

    def news() -> None:
        begun.wait(10)
        try:
            payments.look(attempt)
        except Exception as fault:  # noqa: BLE001  a thread's fault is the test's
            faults.append(fault)

    thread = threading.Thread(target=news)
    thread.start()
    with database().unit_of_work():
        visits.locked(encounter)
        begun.set()
        thread.join(0.5)  # long enough for the news to hold what they lock first
        assert visits.cancel(encounter, "practice") is None
    thread.join(20)
    assert faults == []
    till.work()
    assert (till.view(attempt).status, till.status(due)) == ("voided", "cancelled")
    with database().reading():
        assert reconciliation.faults() == []
