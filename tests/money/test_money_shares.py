"""Shares of what was earned: exactly what was earned, taken back in proportion, in books that balance."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toubib import runtime
from toubib.contracts.common import ContractError, Money
from toubib.db import database, session
from toubib.db.states import move
from toubib.db.tables.journey import Encounter
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services import checkout, dues, ledger, payments, settlement, shares
from toubib.settings import SettingsError, ShareRule, parse
from toubib.testing.tills import Till

RULE = {
    "journeys": ["booked"],
    "parts": [{"to": "platform", "permille": 333}, {"to": "treating_doctor", "permille": 100}],
    "rest": "practitioner",
    "unnamed": "practitioner",
}
DOCTOR = ("Dr Rose Test", "10000000001")


@pytest.fixture
def shared(installation: Callable[..., Toubib], now: FixedClock) -> Till:
    return Till.opened(installation(shares=[RULE]), now)


def settled(till: Till, *acts: int, doctor: bool = False) -> tuple[str, str]:
    """A booked consultation that was paid by card, ended and settled; its due and its attempt."""
    encounter = till.visit(*acts)
    with database().unit_of_work():
        due = dues.open_due(till.organisation_id, encounter, checkout.PURPOSE, till.person_id, "EUR", sum(acts))
        if doctor:
            shares.name_treating_doctor(encounter, *DOCTOR)
    payments.decide_with(checkout.PURPOSE, lambda _due, _attempt: None)
    attempt = till.secured(due)
    with database().unit_of_work():
        row = session().get_one(Encounter, encounter)
        for status in ("arrived", "in-progress", "finished"):
            move("encounter", row, status)
            session().flush()
        settlement.settle(encounter)
    till.work()
    return due, attempt


def owed(due: str) -> dict[str, int]:
    """What of a due belongs to whom, by the beginning of the party's name."""
    with database().reading():
        assert set(ledger.trial_balance().values()) <= {0}
        return {party.partition(":")[0]: money.minor for party, money in ledger.shared(due).items()}


PARTS = st.lists(
    st.tuples(st.sampled_from(["platform", "treating_doctor"]), st.integers(1, 500), st.booleans()), max_size=2, unique_by=lambda part: part[0]
)


@pytest.mark.feature("ADVICE-06:a", "ADVICE-06:b")
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(parts=PARTS, earned=st.integers(0, 10**7), named=st.booleans())
def test_shares_are_exactly_what_was_earned(parts: list[tuple[str, int, bool]], earned: int, named: bool) -> None:  # noqa: FBT001  drawn
    rule = ShareRule.model_validate({"journeys": ["j"], "parts": [{"to": to, "fixed_minor" if fixed else "permille": n} for to, n, fixed in parts]})
    found = shares.split(rule, earned, treating_doctor=named)
    assert sum(found.values()) == earned
    assert all(minor > 0 for minor in found.values())
    assert named or shares.TREATING not in found
    for part in rule.parts:
        if part.permille and (named or part.to != shares.TREATING):
            left = earned - sum(min(p.fixed_minor, earned) for p in rule.parts)
            assert abs(found.get(part.to, 0) - max(0, left) * part.permille / 1000) < 1


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(held=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 10**6), min_size=1), cuts=st.lists(st.integers(1, 10**6), max_size=6))
def test_nothing_is_taken_back_that_nobody_has(held: dict[str, int], cuts: list[int]) -> None:
    for cut in cuts:
        taken = shares.apportion(min(cut, sum(held.values())), held)
        held = {party: minor - taken.get(party, 0) for party, minor in held.items()}
        assert min(held.values()) >= 0
    if sum(cuts) >= 4 * 10**6:
        assert sum(held.values()) == 0


@pytest.mark.parametrize(
    ("earned", "named", "expected"),
    [
        (299, True, {"platform": 100, "practitioner": 169, "treating_doctor": 30}),
        (299, False, {"platform": 100, "practitioner": 199}),
        (1, True, {"practitioner": 1}),
        (0, True, {}),
    ],
)
def test_the_largest_remainder_gets_the_cent(earned: int, named: bool, expected: dict[str, int]) -> None:  # noqa: FBT001  a row of the table
    assert shares.split(ShareRule.model_validate(RULE), earned, treating_doctor=named) == expected


@pytest.mark.feature("ADVICE-06:a", "ADVICE-06:b")
def test_a_booked_consultation_is_shared_when_it_is_settled(shared: Till) -> None:
    due, _ = settled(shared, 2501, doctor=True)
    assert owed(due) == {"platform": 833, "practitioner": 1418, "payee": 250}
    with database().reading():
        revenue = [b.balance.minor for b in ledger.balances(shared.organisation_id) if b.account.kind == ledger.REVENUE]
        assert revenue == [0]


@pytest.mark.feature("ADVICE-06:a")
def test_without_a_named_doctor_the_rule_says_who_gets_it(shared: Till) -> None:
    due, _ = settled(shared, 2501)
    assert owed(due) == {"platform": 833, "practitioner": 1668}


@pytest.mark.feature("ADVICE-06:a", "ADVICE-06:b")
def test_a_refund_takes_shares_back_in_proportion_and_to_the_last_cent(shared: Till) -> None:
    due, attempt = settled(shared, 1000, doctor=True)
    for number, given_back in enumerate((301, 299, 400)):
        shared.order(payments.order_refund, attempt, given_back, f"goodwill {number}")
        shared.work()
        assert sum(owed(due).values()) == 1000 - sum((301, 299, 400)[: number + 1])
        assert min(owed(due).values()) >= 0
    assert set(owed(due).values()) == {0}
    assert shared.status(due) == "refunded"


def test_what_was_promised_stays_when_the_settings_change(shared: Till) -> None:
    encounter = shared.visit(1000)
    with database().unit_of_work():
        shares.promise(encounter)
    runtime.current().settings.__dict__["shares"] = ()
    with database().reading():
        role = session().get_one(Encounter, encounter).practitioner_role_id or ""
        assert [s.amount.minor for s in shares.preview(encounter, role, Money(1000, "EUR"))] == [333, 667]


def test_a_statement_names_the_payment_and_not_the_patient(shared: Till, now: FixedClock) -> None:
    begun = now.now()
    due, attempt = settled(shared, 1000, doctor=True)
    shared.work(minutes=60)
    shared.order(payments.order_refund, attempt, 500, "goodwill")
    shared.work()
    with database().reading():
        named = {p.name: p for p in shares.parties([shared.organisation_id])}
        doctor = named[DOCTOR[0]]
        lines = shares.statement(doctor.party, begun, now.now() + timedelta(days=1))
        assert shares.statement(doctor.party, begun, now.now() + timedelta(days=1), ["elsewhere"]) == []
        assert shares.statement(doctor.party, now.now() + timedelta(days=1), now.now() + timedelta(days=2)) == []
    assert doctor.registry.endswith(DOCTOR[1])
    assert [(line.amount.minor, line.journey) for line in lines] == [(100, "booked"), (-50, "booked")]
    assert {line.reference for line in lines} == {due[:10].upper()}


def test_half_a_doctor_is_refused(shared: Till) -> None:
    encounter = shared.visit(1000)
    with database().unit_of_work(), pytest.raises(ContractError):
        shares.name_treating_doctor(encounter, "Dr Rose Test", "")


@pytest.mark.parametrize(
    "rule",
    [
        {"journeys": ["a"], "parts": [{"to": "platform", "permille": 700}, {"to": "treating_doctor", "permille": 400}]},
        {"journeys": ["a"], "parts": [{"to": "platform"}]},
        {"journeys": ["a"], "parts": [{"to": "platform", "permille": 1, "fixed_minor": 1}]},
        {"journeys": ["a"], "parts": [{"to": "practitioner", "permille": 1}]},
        {"journeys": ["a"], "parts": [{"to": "platform", "permille": 1}, {"to": "platform", "permille": 2}]},
        {"journeys": ["a", "a"]},
    ],
)
def test_rules_that_do_not_add_up_stop_the_start(rule: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        parse({"site": {"name": "Test"}, "shares": [rule]}, "the test")
