"""The sponsor as a payer: the contract of reimbursement, and money that is never paid twice (property-based)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from toubib.contracts.common import ContractError, Message, Money
from toubib.contracts.reimbursement import Charge, CoverageStatus, PatientSnapshot, PerformerSnapshot, Quote, QuoteContext, Share
from toubib.runtime import Toubib
from toubib.testing.conformance.reimbursement import ReimbursementContract, ReimbursementSubject
from toubib.testing.production import refusal
from toubib_sponsor.pack import SponsorPack, code_fact, normalise
from toubib_sponsor.settings import Plan, SponsorSettings

PLAN = Plan(key="tisserands", name="Mutuelle des Tisserands", organisation="tisserands", prefix="TISSE-", excludes=("national",))
CONTEXT = QuoteContext(
    encounter_id="e",
    care_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    zone="Europe/Paris",
    modality="video",
    performer=PerformerSnapshot("r", "o", "physician", ""),
    patient=PatientSnapshot("p", date(1980, 1, 1)),
    charges=(Charge("", Money(2500, "EUR")),),
    evidence={"sponsor.plan": "tisserands", "sponsor.reference": "ABCD"},
)


def pack(**changes: object) -> SponsorPack:
    return SponsorPack(SponsorSettings(plans=(PLAN.model_copy(update=changes),)))


def quote(context: QuoteContext = CONTEXT, before: tuple[Share, ...] = (), **changes: object) -> Quote:
    found = pack(**changes).quote([context], [before])[0]
    assert found is not None
    return found


def amount(context: QuoteContext = CONTEXT, before: tuple[Share, ...] = (), **changes: object) -> int:
    return sum(share.amount.minor for share in quote(context, before, **changes).shares)


class TestSponsor(ReimbursementContract):
    """The sponsor keeps the contract of every payer."""

    @pytest.fixture
    def subject(self) -> ReimbursementSubject:
        """A visit with a code that was looked at, and one without."""
        return ReimbursementSubject(pack(), unknown=replace(CONTEXT, evidence={}), covered=CONTEXT)


def other(minor: int, **more: object) -> Share:
    return Share("other", Message("", "other"), Money(minor, "EUR"), (), **more)  # type: ignore[arg-type]


def test_gross_is_a_part_of_the_price_and_rest_of_what_others_leave() -> None:
    assert amount() == 2500
    assert amount(permille=333) == 832
    assert amount(before=(other(1750),), basis="rest", permille=500) == 375
    assert amount(before=(other(1750),)) == 750
    assert amount(before=(other(200, deduction=True),), basis="rest") == 2500
    assert amount(at_most_minor=1000) == 1000
    assert amount(replace(CONTEXT, evidence={**CONTEXT.evidence, "sponsor.left_minor": "300"})) == 300


def test_the_share_is_paid_to_the_practice_and_excludes_whom_the_plan_says() -> None:
    share = quote().shares[0]
    assert share.direct
    assert share.excludes == {"national"}
    assert share.payer == "sponsor:tisserands"


@pytest.mark.parametrize("why_not", ["kind", "limit", "period", "refused"])
def test_a_sponsor_that_does_not_pay_says_why(why_not: str) -> None:
    found = quote(replace(CONTEXT, evidence={**CONTEXT.evidence, "sponsor.why_not": why_not}))
    assert (found.status, found.shares) == (CoverageStatus.NOT_COVERED, ())
    assert found.warnings[0].params == {"name": PLAN.name}


def test_another_currency_and_a_payer_that_excludes_sponsors_are_respected() -> None:
    swedish = replace(CONTEXT, charges=(Charge("", Money(30000, "SEK")),))
    assert amount(swedish) == 0
    assert amount(before=(other(100, excludes=frozenset({"sponsor"})),)) == 0


def test_without_a_code_it_has_no_say() -> None:
    assert pack().quote([replace(CONTEXT, evidence={}), CONTEXT], [(), ()])[0] is None


@given(
    price=st.integers(0, 10**7),
    earlier=st.lists(st.integers(0, 10**7), max_size=3),
    permille=st.integers(1, 1000),
    basis=st.sampled_from(["gross", "rest"]),
    cap=st.integers(0, 10**6),
    left=st.none() | st.integers(0, 10**6),
)
def test_shares_never_exceed_the_price(price: int, earlier: list[int], permille: int, basis: str, cap: int, left: int | None) -> None:
    before, room = [], price
    for wanted in earlier:
        before.append(other(min(wanted, room)))
        room -= before[-1].amount.minor
    evidence = dict(CONTEXT.evidence) | ({} if left is None else {"sponsor.left_minor": str(left)})
    context = replace(CONTEXT, charges=(Charge("", Money(price, "EUR")),), evidence=evidence)
    paid = amount(context, tuple(before), permille=permille, basis=basis, at_most_minor=cap)
    assert 0 <= paid <= room
    assert not cap or paid <= cap
    assert left is None or paid <= left


@pytest.mark.parametrize(("typed", "kept"), [(" tisse-0001 ", "TISSE-0001"), ("tisse 00 01", "TISSE0001"), ("TISSE–0001", "TISSE-0001")])
def test_codes_are_read_as_people_type_them(typed: str, kept: str) -> None:
    assert code_fact().normalise(typed) == kept


@pytest.mark.parametrize("typed", ["", "é1", "A" * 41, "A;B"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(ContractError, match="letters, digits"):
        normalise(typed)


@pytest.mark.parametrize(
    "plans",
    [
        [{"entitlement": "service"}],
        [{"entitlement": "service", "service_url": "http://sponsor.example/ask"}],
        [{}, {}],
        [{}, {"key": "another"}],
        [{"permille": 1001}],
        [{"prefix": "tisse"}],
    ],
)
def test_settings_that_cannot_work_stop_the_start(plans: list[dict[str, object]]) -> None:
    base = {"key": "tisserands", "name": "Mutuelle des Tisserands", "organisation": "tisserands", "prefix": "TISSE-"}
    with pytest.raises(ValidationError):
        SponsorSettings.model_validate({"plans": [{**base, **plan} for plan in plans]})


def test_a_service_without_https_is_the_double_and_refused_in_production(installation: Callable[..., Toubib]) -> None:
    plan = {**PLAN.model_dump(include={"key", "name", "organisation", "prefix"}), "entitlement": "service", "service_url": "http://127.0.0.1:8095/entitlements"}
    assert refusal(installation, "sponsor", {"plans": [plan]}) == [
        "settings.sponsor.plans: the service_url of 'tisserands' is not https, as only that of the double may be"
    ]
    assert SponsorSettings.model_validate({"plans": [{**plan, "service_url": "https://codes.example/ask"}]}).unsafe() == []
