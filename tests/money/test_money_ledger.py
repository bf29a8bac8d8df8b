"""What the database itself refuses of the ledger, and how it counts in any currency."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from toubib.contracts.common import Money
from toubib.db import database, session
from toubib.db.tables.money import LedgerAccount, LedgerTransfer
from toubib.i18n import money
from toubib.runtime import Toubib
from toubib.services import ledger, payments
from toubib.testing.practices import practice
from toubib.testing.tills import Till

CASH, OWED = ledger.AccountRef(ledger.CLEARING, "desk"), ledger.AccountRef(ledger.RECEIVABLE, "somebody")


@pytest.fixture
def organisation(installation: Callable[..., Toubib]) -> str:
    installation()
    with database().unit_of_work():
        return practice().organisation_id


def accounts(organisation: str) -> tuple[str, str, str]:
    """Two accounts in euro and one in kronor."""
    with database().unit_of_work() as writing:
        rows = [LedgerAccount(organisation_id=organisation, kind=ledger.CLEARING, party=p, currency=c) for p, c in (("a", "EUR"), ("b", "EUR"), ("c", "SEK"))]
        writing.add_all(rows)
        writing.flush()
        return rows[0].id, rows[1].id, rows[2].id


INSERT = text(
    "INSERT INTO ledger_transfer (id, organisation_id, debit_id, credit_id, amount_minor, currency, why, key, at) "
    "VALUES ('t', :organisation, :debit, :credit, :amount, :currency, 'test', 'k', '2026-03-02 09:00:00')"
)


@pytest.mark.feature("PAY-13:b", "PAY-14:b")
@pytest.mark.parametrize(
    ("debit", "credit", "amount", "currency"),
    [
        (0, 1, 0, "EUR"),
        (0, 1, -100, "EUR"),
        (0, 0, 100, "EUR"),
        (0, 2, 100, "EUR"),
        (2, 0, 100, "EUR"),
        (0, 1, 100, "SEK"),
        (0, None, 100, "EUR"),
        (None, 1, 100, "EUR"),
        (0, 1, None, "EUR"),
        (0, "nowhere", 100, "EUR"),
    ],
    ids=["nothing", "below zero", "itself", "credit currency", "debit currency", "row currency", "no credit", "no debit", "no amount", "no account"],
)
def test_the_database_refuses_whatever_does_not_balance(
    organisation: str, debit: int | None, credit: int | str | None, amount: int | None, currency: str
) -> None:
    known = accounts(organisation)

    def account(which: int | str | None) -> str | None:
        return known[which] if isinstance(which, int) else which

    values = {"organisation": organisation, "debit": account(debit), "credit": account(credit), "amount": amount, "currency": currency}
    with pytest.raises(DBAPIError), database().unit_of_work() as writing:
        writing.execute(INSERT, values)
    with database().unit_of_work() as writing:
        writing.execute(INSERT, values | {"debit": known[0], "credit": known[1], "amount": 100, "currency": "EUR"})


@pytest.mark.feature("PAY-13:b")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transfer SET amount_minor = 1",
        "UPDATE ledger_transfer SET why = 'other'",
        "UPDATE ledger_transfer SET at = at",
        "DELETE FROM ledger_transfer",
    ],
)
def test_what_is_written_stays(organisation: str, statement: str) -> None:
    with database().unit_of_work():
        ledger.post(organisation, CASH, OWED, Money(100, "EUR"), why="test", key="one")
    with pytest.raises(DBAPIError, match="append_only"), database().unit_of_work() as writing:
        writing.execute(text(statement))
    with database().reading():
        assert ledger.balances(organisation)[0].balance == Money(-100, "EUR") or ledger.balances(organisation)[0].balance == Money(100, "EUR")


def test_one_key_is_one_movement(organisation: str) -> None:
    with database().unit_of_work():
        assert ledger.post(organisation, CASH, OWED, Money(100, "EUR"), why="test", key="one")
        assert not ledger.post(organisation, CASH, OWED, Money(100, "EUR"), why="test", key="one")
        for other in (Money(101, "EUR"), Money(100, "SEK")):
            with pytest.raises(ledger.WrongPosting):
                ledger.post(organisation, CASH, OWED, other, why="test", key="one")
        assert len(session().execute(text("SELECT 1 FROM ledger_transfer")).all()) == 1


def test_an_account_outside_the_chart_is_refused(organisation: str) -> None:
    with database().unit_of_work(), pytest.raises(ledger.WrongPosting):
        ledger.post(organisation, ledger.AccountRef("pocket"), OWED, Money(100, "EUR"), why="test", key="one")


@pytest.mark.feature("PAY-14:b")
def test_two_currencies_are_never_added(organisation: str) -> None:
    with pytest.raises(ValueError, match="cannot combine"):
        Money(1, "EUR") + Money(1, "SEK")
    with database().unit_of_work():
        ledger.post(organisation, CASH, OWED, Money(100, "EUR"), why="test", key="one")
        ledger.post(organisation, CASH, OWED, Money(700, "SEK"), why="test", key="two")
        cash = [b.balance for b in ledger.balances(organisation) if b.account == CASH]
        assert cash == [Money(100, "EUR"), Money(700, "SEK")]
        assert ledger.trial_balance() == {"EUR": 0, "SEK": 0}


@pytest.mark.feature("PAY-14:a")
@pytest.mark.parametrize(
    ("currency", "agreed", "real", "shown"), [("JPY", 9000, 8500, "¥8,500"), ("EUR", 6000, 2500, "€25.00"), ("TND", 60000, 25500, "TND25.500")]
)
def test_currencies_of_any_number_of_decimals(till: Till, currency: str, agreed: int, real: int, shown: str) -> None:
    due = till.due(agreed, currency)
    attempt = till.secured(due)
    assert till.settle(due, real)
    seen = till.view(attempt)
    assert (seen.captured, seen.authorised) == (Money(real, currency), Money(agreed, currency))
    assert money(seen.captured, "en").replace("\u00a0", "") == shown
    with database().reading():
        assert ledger.of_attempt(attempt) == Money(real, currency)


def test_a_currency_that_the_provider_does_not_take_is_refused(till: Till) -> None:
    with pytest.raises(payments.CannotPay, match="does not take"):
        till.attempt(till.due(100, "NOK"), visit_in=timedelta(days=1))


@pytest.mark.feature("PAY-13:a")
def test_any_movements_balance(organisation: str) -> None:
    kinds = sorted(ledger.KINDS)
    movement = st.tuples(st.sampled_from(kinds), st.sampled_from(kinds), st.integers(1, 10**9), st.sampled_from(["EUR", "JPY"]))
    count = [0]

    @settings(max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(movement, min_size=1, max_size=12))
    def check(movements: list[tuple[str, str, int, str]]) -> None:
        with database().unit_of_work():
            before = {(b.account, b.balance.currency): b.balance.minor for b in ledger.balances(organisation)}
            for debit, credit, minor, currency in movements:
                if debit != credit:
                    count[0] += 1
                    sides = ledger.AccountRef(debit), ledger.AccountRef(credit)
                    ledger.post(organisation, *sides, Money(minor, currency), why="test", key=str(count[0]))
                    for side, sign in zip(sides, (1, -1), strict=True):
                        before[side, currency] = before.get((side, currency), 0) + sign * minor
            assert {(b.account, b.balance.currency): b.balance.minor for b in ledger.balances(organisation)} == before
            assert set(ledger.trial_balance().values()) <= {0}

    check()


def test_tables_of_money_keep_integers_only(organisation: str) -> None:  # noqa: ARG001  the fixture makes the tables
    from toubib.db.types import Table

    columns = [c for t in Table.metadata.sorted_tables for c in t.columns if c.name.endswith("_minor")]
    assert len(columns) > 10
    assert {c.type.python_type for c in columns} == {int}
    assert LedgerTransfer.model_fields["amount_minor"].annotation is int
