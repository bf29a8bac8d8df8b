"""News of a payment: duplicate, late, out of order, forged, wrong, or both ways at once. Each is counted once or not at all."""

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from toubib.contracts.payment import Observed, ObservedState
from toubib.db import database, session
from toubib.db.tables.machinery import AuditEvent, EventRow, JobRow
from toubib.db.tables.money import InboxMessage, LedgerTransfer, MoneyDue, PaymentAttempt
from toubib.services import dues, ledger, payments, reconciliation
from toubib.testing.doubles.payment import NAME
from toubib.testing.tills import PURPOSE, Till

Webhook = tuple[Mapping[str, str], bytes]


def deliver(messages: Sequence[Webhook]) -> list[int]:
    return [payments.receive(NAME, headers, body) for headers, body in messages]


def everything() -> list[object]:
    """What a webhook could change, in order."""
    tables = (MoneyDue, PaymentAttempt, LedgerTransfer, EventRow, AuditEvent, InboxMessage, JobRow)
    with database().reading() as reading:
        return [row.model_dump() for table in tables for row in sorted(reading.exec(select(table)).all(), key=lambda r: r.id)]


def result(till: Till, attempt: str, due: str) -> tuple[object, ...]:
    """State and money of an attempt, and how often each thing was told."""
    with database().reading():
        balances = {b.account.kind: b.balance.minor for b in ledger.balances(till.organisation_id)}
        assert reconciliation.faults() == []
    seen = till.view(attempt)
    return seen.status, seen.captured.minor, seen.refunded.minor, till.status(due), balances, till.events()


@pytest.mark.feature("PAY-08:a", "PAY-08:b", "PAY-08:c")
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_webhooks_in_any_order_and_number_lead_to_the_same(till: Till, order: tuple[int, ...]) -> None:
    due = till.due(6000)
    attempt, url = till.begun(due)
    till.provider.pay(url)
    payments.look(attempt)
    till.settle(due, 2500)
    payments.execute(till.order(payments.order_refund, attempt, 500, "goodwill"))
    before = result(till, attempt, due)
    messages = [till.provider.sent[n] for n in order]
    assert deliver([*messages, *messages, messages[0]]) == [200] * 7
    till.work()
    till.work(minutes=3 * 24 * 60)
    assert deliver(messages) == [200] * 3
    till.work()
    assert result(till, attempt, due) == before
    with database().reading() as reading:
        assert len(reading.exec(select(InboxMessage)).all()) == 3


def test_webhooks_alone_are_enough_when_the_payer_never_returns(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    till.provider.pay(url)
    deliver(till.provider.sent)
    till.work()
    assert (till.view(attempt).status, till.status(due), till.decided) == ("authorised", "secured", [(attempt, "authorised")])


def test_without_any_webhook_the_worker_looks_by_itself(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    till.provider.pay(url)
    till.work(minutes=3)
    assert till.view(attempt).status == "authorised"


@pytest.mark.feature("PAY-08:d")
@pytest.mark.parametrize("forge", [{}, {"X-Signature": "0" * 64}, None], ids=["unsigned", "wrong", "changed"])
def test_a_forged_webhook_is_refused_and_nothing_is_written(till: Till, forge: Mapping[str, str] | None) -> None:
    due = till.due()
    _, url = till.begun(due)
    till.provider.pay(url)
    before = everything()
    signed, body = till.provider.sent[0]
    assert deliver([(signed, body + b" ") if forge is None else (forge, body)]) == [400]
    assert everything() == before


def test_a_webhook_for_no_provider_of_ours_is_not_found(till: Till) -> None:
    assert payments.receive("nobody", {}, b"{}") == 404
    assert till.events() == []


def test_a_webhook_that_comes_before_the_answer_waits_for_it(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    till.provider.pay(url)
    with database().unit_of_work() as writing:
        row = writing.get_one(PaymentAttempt, attempt)
        ref, row.provider_ref = row.provider_ref, ""
    deliver(till.provider.sent)
    till.work()
    assert till.view(attempt).status == "pending"
    with database().unit_of_work() as writing:
        writing.get_one(PaymentAttempt, attempt).provider_ref = ref
    till.work(minutes=5)
    assert till.view(attempt).status == "authorised"


def test_the_provider_s_second_reference_is_known_too(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    till.provider.lie = lambda seen: replace(seen, provider_ref="intent-1")
    payments.look(attempt)
    till.provider.lie = None
    till.provider.pay(url)
    _, body = till.provider.sent[-1]
    till.provider.sent.clear()
    page = till.provider.of(attempt)[0]
    page.ref, ref = "intent-1", page.ref
    till.provider._tell(page, "authorised")
    page.ref = ref
    assert till.provider.sent[-1][1] != body
    deliver(till.provider.sent)
    till.work()
    assert till.view(attempt).status == "authorised"


def test_return_and_webhook_at_the_same_time_count_once(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    till.provider.pay(url)
    deliver(till.provider.sent)
    barrier = threading.Barrier(6)

    def returns(_: int) -> None:
        barrier.wait()
        payments.look(attempt)

    def works(number: int) -> None:
        barrier.wait()
        till.toubib.jobs.run_due(f"worker-{number}")

    with ThreadPoolExecutor(6) as threads:
        for done in [*(threads.submit(returns, n) for n in range(3)), *(threads.submit(works, n) for n in range(3))]:
            done.result()
    assert till.decided == [(attempt, "authorised")]
    assert till.events() == ["payment.authorised"]


WRONG: dict[str, Callable[[Observed], Observed]] = {
    "another currency": lambda o: replace(o, currency="SEK"),
    "one euro": lambda o: replace(o, authorised=min(o.authorised, 100), captured=min(o.captured, 100)),
    "too much": lambda o: replace(o, authorised=o.authorised * 2, captured=o.captured * 2),
    "below zero": lambda o: replace(o, captured=-1),
    "refund without capture": lambda o: replace(o, refunded=o.captured + 1),
    "nothing authorised": lambda o: replace(o, authorised=0) if o.state is ObservedState.AUTHORISED else replace(o, currency=""),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_not_fit_the_agreement_secures_nothing_and_is_recorded(till: Till, wrong: str) -> None:
    due = till.due(6000)
    attempt, url = till.begun(due)
    till.provider.lie = WRONG[wrong]
    till.provider.pay(url)
    payments.look(attempt)
    seen = payments.look(attempt)
    assert (seen.status, seen.authorised.minor, seen.captured.minor, till.status(due), till.decided) == ("pending", 0, 0, "open", [])
    assert seen.failure is not None
    with database().reading() as reading:
        noted = reading.exec(select(AuditEvent).where(AuditEvent.action == "payment.mismatch")).all()
        assert len(noted) == 1
        assert reading.exec(select(LedgerTransfer)).all() == []
    till.provider.lie = None
    assert payments.look(attempt).status == "authorised"


@pytest.mark.parametrize("wrong", ["another currency", "one euro", "too much"])
def test_a_capture_of_another_amount_is_not_booked(till: Till, wrong: str) -> None:
    due = till.due(6000)
    attempt = till.secured(due)
    till.provider.lie = WRONG[wrong]
    till.settle(due, 2500)
    assert (till.view(attempt).status, till.view(attempt).captured.minor, till.status(due)) == ("authorised", 0, "secured")
    till.provider.lie = None
    assert payments.look(attempt).status == "captured"
    assert till.status(due) == "settled"


def test_an_older_observation_after_a_newer_one_changes_nothing(till: Till) -> None:
    due = till.due(6000)
    attempt = till.secured(due)
    till.settle(due, 2500)
    before = result(till, attempt, due)
    for old in (
        Observed(ObservedState.PENDING, "EUR"),
        Observed(ObservedState.AUTHORISED, "EUR", authorised=6000),
        Observed(ObservedState.EXPIRED, "EUR"),
        Observed(ObservedState.FAILED, "EUR"),
        Observed(ObservedState.VOIDED, "EUR"),
        Observed(ObservedState.METHOD_SAVED, "EUR"),
    ):
        till.provider.lie = lambda _seen, old=old: old
        payments.look(attempt)
        assert result(till, attempt, due) == before


def test_money_that_comes_after_the_attempt_was_given_up_is_offered_to_whoever_decides(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    till.provider.pay(url)
    till.order(payments.give_up, due)
    assert till.view(attempt).status == "abandoned"
    till.work()
    assert (till.view(attempt).status, till.status(due), till.decided) == ("authorised", "secured", [(attempt, "authorised")])


def test_whoever_decides_may_send_late_money_back_in_the_same_breath(till: Till) -> None:
    def decide(due: MoneyDue, _attempt: PaymentAttempt) -> None:
        payments.release(due.id)

    payments.decide_with(PURPOSE, decide)
    due = till.due()
    attempt, url = till.begun(due)
    till.provider.pay(url)
    till.order(payments.give_up, due)
    till.work()
    assert (till.view(attempt).status, till.status(due)) == ("voided", "cancelled")
    assert till.provider.of(attempt)[0].state is ObservedState.VOIDED


def test_money_for_a_cancelled_due_goes_back_without_asking(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    till.provider.pay(url)
    till.order(payments.release, due)
    till.work()
    assert (till.view(attempt).status, till.status(due), till.decided) == ("voided", "cancelled", [])


def test_if_deciding_fails_nothing_is_kept_and_it_is_tried_again(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    till.provider.pay(url)
    refusing = [True]

    def decide(_due: MoneyDue, row: PaymentAttempt) -> None:
        if refusing:
            raise RuntimeError("the agenda is busy")
        till.decided.append((row.id, row.status))

    payments.decide_with(PURPOSE, decide)
    with pytest.raises(RuntimeError):
        payments.look(attempt)
    assert (till.view(attempt).status, till.status(due), till.events()) == ("pending", "open", [])
    refusing.clear()
    payments.look(attempt)
    assert till.decided == [(attempt, "authorised")]


def test_an_authorisation_that_lapsed_opens_the_due_again(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due)
    till.work(minutes=8 * 24 * 60)
    assert (till.view(attempt).status, till.status(due), till.decided[-1]) == ("expired", "open", (attempt, "expired"))
    assert till.events() == ["payment.authorised", "payment.released"]


def test_a_final_amount_is_collected_from_whoever_pays_later(till: Till) -> None:
    due = till.due(6000)
    till.settle(due, 2500)
    assert till.status(due) == "open"
    attempt = till.secured(due)
    till.work()
    assert (till.view(attempt).captured.minor, till.status(due)) == (2500, "settled")


def test_every_open_page_is_closed_when_its_time_is_over(till: Till) -> None:
    due = till.due()
    attempt, url = till.begun(due)
    till.work(minutes=16)
    assert till.view(attempt).status == "expired"
    till.provider.pay(url)
    assert till.provider.of(attempt)[0].authorised == 0
    with pytest.raises(payments.AttemptOver):
        payments.begin(attempt, "https://practice.test/paid")
    assert till.status(due) == "open"
    assert till.attempt(due) != attempt


def test_what_was_decided_and_what_the_database_says_agree_in_one_transaction(till: Till) -> None:
    seen: list[tuple[str, str]] = []

    def decide(due: MoneyDue, row: PaymentAttempt) -> None:
        seen.append((dues.read(due.id).status, session().get_one(PaymentAttempt, row.id).status))

    payments.decide_with(PURPOSE, decide)
    till.secured(till.due(), visit_in=timedelta(days=30))
    assert seen == [("secured", "method_saved")]
