"""Everything at once: payers, practice, webhooks and crashes in any order, and the books are right at every step.

The provider is strict and in memory; it stays away, loses its answers, or the process dies before or after its effect.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlmodel import select

from toubib.contracts.common import ContractError
from toubib.contracts.payment import ObservedState, ProviderUnavailable, Redirect
from toubib.db import database, session
from toubib.db.tables.money import MoneyDue, PaymentAttempt, ProviderCall
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services import dues, ledger, payments, reconciliation
from toubib.services.orders import CannotOrder
from toubib.testing import books
from toubib.testing.doubles.payment import NAME, Crash
from toubib.testing.tills import BACK, Till

MAX = 6000
REFUSALS = (ProviderUnavailable, ContractError, CannotOrder, dues.WrongAmount, Crash)
FAULTS = st.sampled_from(["unavailable", "lost_answer", "crash_before", "crash_after"])
POSITION = st.integers(0, 40)


class Money(RuleBasedStateMachine):
    """One practice, a few dues at a time."""

    till: Till

    held = Bundle("dues")

    @initialize()
    def begin(self) -> None:
        self.till.provider.faults.clear()
        self.mine: list[str] = []

    def try_(self, act: Callable[[], object]) -> None:
        """Do something that the provider, the rules or death may prevent."""
        with suppress(*REFUSALS):
            act()

    def attempts(self) -> list[PaymentAttempt]:
        with database().reading() as reading:
            return list(reading.exec(select(PaymentAttempt).where(PaymentAttempt.due_id.in_(self.mine))))  # type: ignore[attr-defined]

    def known_pages(self) -> set[str]:
        """Pages whose address a payer may have."""
        return {a.provider_ref for a in self.attempts()}

    def pick(self, position: int) -> str | None:
        found = sorted(a.key for a in self.attempts())
        by_key = {a.key: a.id for a in self.attempts()}
        return by_key[found[position % len(found)]] if found else None

    @rule(target=held)
    def open(self) -> str:
        due = self.till.visit_due(MAX, named=False)
        self.mine.append(due)
        return due

    @rule(due=held, days=st.sampled_from([1, 30]), pays=st.booleans())
    def choose(self, due: str, days: int, pays: bool) -> None:  # noqa: FBT001  drawn by hypothesis
        def act() -> None:
            attempt = self.till.attempt(due, visit_in=timedelta(days=days))
            answer = payments.begin(attempt, BACK)
            if pays and isinstance(answer, Redirect):
                self.till.provider.pay(answer.url)

        self.try_(act)

    @rule(position=POSITION)
    def pay(self, position: int) -> None:
        attempt = self.pick(position)
        for page in self.till.provider.of(attempt or ""):
            if page.ref in self.known_pages():
                self.till.provider.pay(page.ref)

    @rule(position=POSITION)
    def look(self, position: int) -> None:
        if attempt := self.pick(position):
            self.try_(lambda: payments.look(attempt))

    @rule(due=held, minor=st.sampled_from([0, 1, 2500, MAX, MAX + 1]))
    def settle(self, due: str, minor: int) -> None:
        self.try_(lambda: self.till.bill(due, minor))

    @rule(due=held)
    def release(self, due: str) -> None:
        self.try_(lambda: self.till.order(payments.release, due))

    @rule(due=held)
    def lapse(self, due: str) -> None:
        self.try_(lambda: self.till.order(payments.give_up, due))

    @rule(position=POSITION, minor=st.sampled_from([1, 1000, MAX]), why=st.sampled_from(["goodwill", "error"]))
    def refund(self, position: int, minor: int, why: str) -> None:
        if attempt := self.pick(position):
            self.try_(lambda: self.till.order(payments.order_refund, attempt, minor, why))

    @rule(numbers=st.lists(POSITION, max_size=6))
    def hear(self, numbers: list[int]) -> None:
        for number in numbers:
            if self.till.provider.sent:
                headers, body = self.till.provider.sent[-1 - number % len(self.till.provider.sent)]
                assert payments.receive(NAME, headers, body) == 200

    @rule(faults=st.lists(FAULTS, min_size=1, max_size=4))
    def fail_next(self, faults: list[str]) -> None:
        self.till.provider.faults[:] = faults

    @rule(minutes=st.sampled_from([0, 2, 20, 24 * 60, 28 * 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.try_(lambda: self.till.work(minutes))

    @invariant()
    def the_books_are_right(self) -> None:
        with database().reading():
            assert set(ledger.trial_balance().values()) <= {0}
            for row in self.attempts_in_books():
                self.check(row)

    def attempts_in_books(self) -> list[PaymentAttempt]:
        return list(session().exec(select(PaymentAttempt).where(PaymentAttempt.due_id.in_(self.mine))))  # type: ignore[attr-defined]

    def check(self, row: PaymentAttempt) -> None:
        booked = ledger.of_attempt(row.id)
        pages = self.till.provider.of(row.id)
        assert (booked.minor if booked else 0) == row.captured_minor - row.refunded_minor
        assert row.captured_minor <= sum(p.captured for p in pages)
        assert row.refunded_minor <= sum(p.refunded for p in pages)
        assert sum(p.captured for p in pages) <= MAX
        assert all(p.captured <= max(p.authorised, 0) for p in pages)

    def teardown(self) -> None:
        """In peace everything is finished: what the provider holds is what the ledger says, and nothing waits."""
        self.till.provider.faults.clear()
        for _ in range(4):
            self.till.work(70)
        self.till.work(9 * 24 * 60)
        with database().reading() as reading:
            assert reconciliation.faults() == []
            for row in self.attempts_in_books():
                pages = self.till.provider.of(row.id)
                booked = ledger.of_attempt(row.id)
                assert (booked.minor if booked else 0) == sum(p.captured - p.refunded for p in pages)
                assert row.status not in ("created", "pending", "abandoned", "authorised"), row.status
                assert not [p for p in pages if p.state is ObservedState.AUTHORISED or (p.state is ObservedState.PENDING and p.ref == row.provider_ref)]
            for due_id in self.mine:
                self.check_due(reading.get_one(MoneyDue, due_id))
            waiting = select(ProviderCall).where(ProviderCall.status == "ordered")
            assert reading.exec(waiting).all() == []
            assert books.differences() == {}

    def check_due(self, due: MoneyDue) -> None:
        paid = dues.paid_minor(due.id)
        assert paid <= (MAX if due.amount_minor is None else due.amount_minor)
        if due.status == "cancelled":
            assert paid == 0
        if due.status == "settled":
            assert paid == (due.amount_minor or 0) - ledger.given_up(due.id)


@pytest.mark.feature("PAY-13:a", "PAY-13:c", "PAY-08:a", "PAY-08:b", "PAY-08:c", "PAY-15:b")
def test_the_books_are_right_whatever_happens(installation: Callable[..., Toubib], now: FixedClock) -> None:
    Money.till = Till.opened(installation(), now)
    payments.decide_with("test", lambda _due, _attempt: None)
    # the database lives on from one example to the next, so a failure is read from its steps, not from a shrunken one
    chosen = settings(
        max_examples=20,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Money, settings=chosen)
