"""Providers come and go: several at once, one taken off the offer and drained, one missing, one at the desk."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from toubib.contracts.common import Message, Money, Period
from toubib.contracts.payment import Attempt, Instruction, Observed, ObservedState, PaymentMode, ProviderCapabilities, ProviderUnavailable
from toubib.db import database, session
from toubib.db.tables.money import CreditNote
from toubib.services import dues, ledger, payments, reconciliation
from toubib.services.desk import NotAtDesk
from toubib.testing import books
from toubib.testing.doubles.payment import NAME, MemoryProvider, use_memory_payments
from toubib.testing.tills import BACK, Till


class Desk(MemoryProvider):
    """Pay at the practice: an instruction, and nothing to see from here."""

    def begin(self, attempt: Attempt, return_url: str) -> Instruction:  # type: ignore[override]  # noqa: ARG002
        return Instruction(Message("desk", "Pay %(amount)s at the practice.", {"amount": attempt.amount}))

    def fetch(self, attempt: Attempt) -> Observed:
        return Observed(ObservedState.PENDING, attempt.amount.currency)

    abandon = void = lambda _self, attempt, _key: Observed(ObservedState.VOIDED, attempt.amount.currency)  # type: ignore[assignment]


def desk() -> Desk:
    return Desk("desk", capabilities=ProviderCapabilities(frozenset({"EUR"}), frozenset({PaymentMode.AUTHORISE}), online=False))


def at_desk(till: Till) -> tuple[str, str]:
    """A due whose payer chose the desk."""
    use_memory_payments(till.toubib, till.provider, desk())
    due = till.visit_due(6000)
    attempt = till.attempt(due, provider="desk")
    assert isinstance(payments.begin(attempt, BACK), Instruction)
    return due, attempt


@pytest.mark.feature("PAY-09:b", "PAY-19:a")
def test_what_is_paid_at_the_desk_is_stated_by_staff_and_booked(till: Till) -> None:
    due, attempt = at_desk(till)
    till.work(minutes=3 * 24 * 60)
    assert (till.view(attempt).status, till.status(due)) == ("pending", "open")
    with pytest.raises(NotAtDesk):
        till.order(payments.received_at_desk, due)
    assert till.bill(due, 2500)
    assert till.status(due) == "open"
    for _ in range(2):
        till.order(payments.received_at_desk, due)
    assert (till.view(attempt).captured, till.status(due)) == (Money(2500, "EUR"), "settled")
    with pytest.raises(NotAtDesk):
        till.order(payments.returned_at_desk, due, 2501)
    till.order(payments.returned_at_desk, due, 2500)
    assert till.status(due) == "refunded"
    with database().reading():
        assert reconciliation.faults() == []
        assert ledger.of_attempt(attempt) == Money(0, "EUR")
        assert (len(session().exec(select(CreditNote)).all()), books.papers_and_books()) == (1, {due: (0, 0)})


def test_a_cancelled_visit_is_not_expected_at_the_desk(till: Till) -> None:
    due, attempt = at_desk(till)
    till.order(payments.release, due)
    till.work()
    assert (till.view(attempt).status in ("abandoned", "expired"), till.status(due)) == (True, "cancelled")
    with pytest.raises(NotAtDesk):
        till.order(payments.received_at_desk, due)


@pytest.mark.feature("PAY-09:d")
def test_two_providers_at_once_each_keep_their_own(till: Till) -> None:
    other = MemoryProvider("other", pages={})
    use_memory_payments(till.toubib, till.provider, other)
    first, second = till.due(), till.due()
    one, two = till.attempt(first), till.attempt(second, provider="other")
    for attempt, provider in ((one, till.provider), (two, other)):
        answer = payments.begin(attempt, BACK)
        provider.pay(answer.url)  # type: ignore[union-attr]
        payments.look(attempt)
    assert till.settle(first, 1000)
    assert till.settle(second, 2000)
    assert (till.provider.of(one)[0].captured, other.of(two)[0].captured) == (1000, 2000)
    with database().reading():
        clearing = {b.account.party: b.balance.minor for b in ledger.balances(till.organisation_id) if b.account.kind == ledger.CLEARING}
    assert clearing == {NAME: 1000, "other": 2000}


def test_a_provider_off_the_offer_finishes_what_it_began(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due)
    other = MemoryProvider("other")
    use_memory_payments(till.toubib, other)
    with pytest.raises(payments.CannotPay, match="not offered"):
        till.attempt(till.due())
    with database().reading():
        assert payments.live_at(NAME) == 1
        assert payments.keeps(NAME) is not None
        assert payments.stranded() == {}
    assert till.settle(due, 2500)
    assert till.provider.of(attempt)[0].captured == 2500
    with database().reading():
        assert payments.keeps(NAME) is None


def test_a_provider_that_is_gone_strands_its_money_loudly(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due)
    del till.toubib.registry.payments[NAME]
    with pytest.raises(payments.NotLoaded, match=NAME):
        payments.look(attempt)
    with database().reading():
        assert payments.stranded() == {NAME: 1}
        assert reconciliation.faults() == ["1 payments wait for the provider 'memory', which is not loaded"]
    till.order(dues.set_final, due, 100)
    till.order(payments.collect, due)
    till.work()
    use_memory_payments(till.toubib, till.provider)
    till.work(minutes=3)
    assert till.view(attempt).status == "captured"


def test_a_provider_that_stays_away_is_asked_again_with_the_same_key(till: Till) -> None:
    due = till.due()
    attempt = till.secured(due)
    till.provider.faults[:] = ["unavailable", "lost_answer", "unavailable"]
    assert not till.settle(due, 2500)
    assert till.view(attempt).status == "authorised"
    for _ in range(4):
        till.work(minutes=1)
    assert (till.view(attempt).status, till.status(due)) == ("captured", "settled")
    captures = [call for call in till.provider.calls if call.startswith("capture:")]
    assert len(captures) >= 3
    assert (len(set(captures)), till.provider.of(attempt)[0].captured) == (1, 2500)


@pytest.mark.parametrize("fault", ["unavailable", "lost_answer"])
def test_begin_is_safe_to_repeat(till: Till, fault: str) -> None:
    attempt = till.attempt(till.due())
    till.provider.faults[:] = [fault]
    with pytest.raises(ProviderUnavailable):
        payments.begin(attempt, BACK)
    assert till.view(attempt).status == "created"
    payments.begin(attempt, BACK)
    assert (till.view(attempt).status, len(till.provider.pages)) == ("pending", 1)


@pytest.mark.feature("PAY-13:c")
def test_reconciliation_names_every_attempt_that_differs(till: Till) -> None:
    week = Period(till.clock.now() - timedelta(days=3), till.clock.now() + timedelta(days=3))
    good, bad = till.due(), till.due()
    till.secured(good)
    attempt = till.secured(bad)
    till.settle(good, 2500)
    till.settle(bad, 2500)
    assert reconciliation.compare(NAME, week) == []
    page = till.provider.of(attempt)[0]
    till.provider.moved = [replace(m, amount=Money(2400, "EUR")) if m.provider_ref == page.ref else m for m in till.provider.moved]
    assert reconciliation.compare(NAME, week) == [reconciliation.Difference(attempt, page.ref, Money(2500, "EUR"), Money(2400, "EUR"))]
    till.provider.moved = [m for m in till.provider.moved if m.provider_ref != page.ref]
    assert [d.theirs for d in reconciliation.compare(NAME, week)] == [Money(0, "EUR")]
    till.provider.pages["stranger"] = replace(page, ref="stranger")
    till.provider._moved(till.provider.pages["stranger"], 77, "capture")
    found = reconciliation.compare(NAME, week)
    assert ("", "stranger", Money(0, "EUR"), Money(77, "EUR")) in [(d.attempt_id, d.provider_ref, d.ours, d.theirs) for d in found]
    later = Period(till.clock.now() + timedelta(days=300), till.clock.now() + timedelta(days=330))
    assert reconciliation.compare(NAME, later) == []


def test_no_text_of_the_payer_reaches_the_log(capsys: pytest.CaptureFixture[str], till: Till) -> None:
    attempt, url = till.begun(till.due())
    till.provider.lie = lambda seen: replace(seen, currency="SEK")
    till.provider.pay(url)
    payments.look(attempt)
    said = "".join(capsys.readouterr())
    assert attempt in said
    assert "payer@home.test" not in said
