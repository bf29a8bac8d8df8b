"""The pack through the contract's door: points without money, both in one bill, the claim of a quarter, limits."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import toubib_claims_de
from toubib.contracts.activity import ActivityCounts, ActivitySubject, CapStatus
from toubib.contracts.common import Money
from toubib.contracts.reimbursement import (
    Charge,
    ClaimState,
    CoverageStatus,
    FrozenItem,
    PatientSnapshot,
    PerformerSnapshot,
    Quote,
    QuoteContext,
)
from toubib.i18n import Catalogues
from toubib.testing.conformance.reimbursement import ReimbursementContract, ReimbursementSubject
from toubib_claims_de.pack import GermanPack
from toubib_claims_de.settings import Settings

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DOCTOR = PerformerSnapshot("role", "practice", "physician", "general_practice", {"lanr": "123456601", "bsnr": "031234567"}, "DE")
STATUTORY = {"claims_de.insurance": "statutory", "claims_de.kvnr": "A123456780"}
PATIENT = PatientSnapshot("person", date(1980, 6, 15), "F", STATUTORY, insured_in="DE")
CATALOGUES = Catalogues({"claims_de": Path(toubib_claims_de.__file__).parent / "translations"})
PACK = GermanPack(Settings())


def visit(*codes: str, price: int = 3000, **changes: Any) -> QuoteContext:
    charges = tuple(Charge(code, Money(price if n == 0 else 0, "EUR")) for n, code in enumerate(codes or ("",)))
    found = replace(QuoteContext("encounter", AT, "Europe/Berlin", "video", DOCTOR, PATIENT, charges), **changes)
    return replace(found, charges=tuple(PACK.charges(found)))


def quote(context: QuoteContext) -> Quote:
    return PACK.quote([context], [()])[0]


def insured(kind: str) -> PatientSnapshot:
    return replace(PATIENT, facts={"claims_de.insurance": kind})


class TestGermanPack(ReimbursementContract):
    @pytest.fixture
    def subject(self) -> ReimbursementSubject:
        return ReimbursementSubject(PACK, unknown=visit(patient=PatientSnapshot("person", None)), covered=visit())


def test_nothing_to_pay_and_the_fund_is_billed_in_points() -> None:
    context = visit()
    found = quote(context)
    assert [charge.charged.minor for charge in context.charges] == [0]
    assert (found.points, found.shares) == (40, ())
    assert CATALOGUES.render(found.reasons[0].sentence, "en") == "0 to pay: your fund is billed in points (40)."


def test_a_visit_may_have_points_and_euros() -> None:
    charges = (Charge("GOÄ", Money(2000, "EUR")), Charge("01450", Money(0, "EUR")), Charge("01444", Money(0, "EUR")))
    context = visit(charges=charges)
    found = quote(context)
    assert sum(charge.charged.minor for charge in context.charges) == 2000
    assert [(line.code, line.points, line.base) for line in found.lines] == [("GOÄ", None, Money(2000, "EUR")), ("01450", 40, None), ("01444", 10, None)]
    assert [item.code for item in PACK.items(context, found)] == ["01450", "01444"]


def test_codes_cost_nothing_even_when_somebody_types_a_fee() -> None:
    assert [charge.charged.minor for charge in visit("01450", price=3000).charges] == [0]


@pytest.mark.parametrize("kind", ["private", "self"])
def test_without_the_statutory_insurance_the_price_is_paid_and_nothing_claimed(kind: str) -> None:
    context = visit(patient=insured(kind))
    found = quote(context)
    assert [charge.charged.minor for charge in context.charges] == [3000]
    assert found.status is CoverageStatus.NOT_COVERED
    assert not PACK.items(context, found)
    assert found.warnings


def test_a_code_that_is_over_or_has_no_known_points_is_said_to_be_so() -> None:
    found = quote(visit("01442"))
    assert (found.points, found.lines[0].points) == (0, None)
    assert found.warnings[0].params["codes"] == "01442"
    late = visit("01444", care_at=datetime(2027, 1, 4, 9, tzinfo=UTC))
    assert [charge.charged.minor for charge in late.charges] == [3000]


def test_care_abroad_is_not_the_funds() -> None:
    context = visit(performer=replace(DOCTOR, country="FR"))
    assert quote(context).status is CoverageStatus.NOT_COVERED
    assert [charge.charged.minor for charge in context.charges] == [3000]
    assert not PACK.facts_needed(context)


def items(number: int, when: datetime = AT, *, modality: str = "video", codes: tuple[str, ...] = ("01450",), kvnr: str = "A123456780") -> list[FrozenItem]:
    patient = replace(PATIENT, facts={**STATUTORY, "claims_de.kvnr": kvnr})
    context = visit(*codes, encounter_id=f"encounter{number}", care_at=when, modality=modality, patient=patient)
    return list(PACK.items(context, quote(context)))


def test_a_quarter_is_one_claim_of_several_visits() -> None:
    made = [*items(1), *items(2, AT + timedelta(days=20)), *items(3, AT + timedelta(days=40))]
    assert [item.grouping_key for item in made] == ["claims_de/2026Q1/person/practice"] * 2 + ["claims_de/2026Q2/person/practice"]
    first = PACK.assemble(made[0].grouping_key, made[:2], AT)
    assert first.state is ClaimState.DRAFT
    assert (first.payload["points_total"], first.payload["video_only"]) == (80, True)
    assert [act["code"] for act in first.payload["acts"]] == ["01450", "01450", "88220"]
    assert PACK.assemble(made[0].grouping_key, made[:2], datetime(2026, 3, 31, 22, 30, tzinfo=UTC)).state is ClaimState.NEEDS_GATEWAY


def test_a_quarter_with_a_visit_in_person_is_not_by_video_only() -> None:
    made = [*items(1), *items(2, codes=("01442",), modality="in_person")]
    assert PACK.assemble(made[0].grouping_key, made, AT).payload["video_only"] is False


@pytest.mark.feature("CLAIM-07:a")
@pytest.mark.parametrize(
    ("made", "rule"),
    [
        (items(1, kvnr=""), "claim.kvnr"),
        ([*items(1, codes=("01444",)), *items(2, codes=("01444",))], "claim.once.01444"),
        (items(1, codes=("01442",)), "claim.points"),
    ],
)
def test_a_claim_that_breaks_a_rule_is_held_by_its_name(made: list[FrozenItem], rule: str) -> None:
    found = PACK.assemble(made[0].grouping_key, made, AT)
    assert found.state is ClaimState.HELD
    assert [why.rule for why in found.violations] == [rule]


def counts(**changes: Any) -> ActivityCounts:
    base = ActivityCounts(ActivitySubject.ORGANISATION, date(2026, 1, 1), date(2026, 3, 31), 1000, 500, 1000, 0)
    return replace(base, **changes)


@pytest.mark.feature("CLAIM-08:a")
@pytest.mark.parametrize(("video_only", "status"), [(399, "ok"), (400, "near"), (500, "near"), (501, "exceeded")])
def test_the_cases_of_a_practice_are_limited(video_only: int, status: str) -> None:
    (found,) = PACK.caps(counts(cases_remote=video_only))
    assert (found.limit, found.percent, str(found.status)) == (500, 50, status)


def test_the_share_is_of_all_cases_that_the_practice_counts_elsewhere() -> None:
    (found,) = GermanPack(Settings(cases_per_quarter=2000)).caps(counts(cases=300, cases_remote=300))
    assert (found.of, found.limit, found.status) == (2000, 1000, CapStatus.OK)


def test_the_points_of_a_doctor_are_limited() -> None:
    (found,) = PACK.caps(counts(subject=ActivitySubject.PRACTITIONER, codes={"01450": 48}))
    assert (found.count, found.limit, found.status) == (1920, 1899, CapStatus.EXCEEDED)


def test_a_limit_that_nobody_verified_is_named_and_not_applied() -> None:
    past = counts(start=date(2019, 10, 1), end=date(2019, 12, 31), cases_remote=900)
    (found,) = PACK.caps(past)
    assert found.status is CapStatus.UNKNOWN
    (sure,) = GermanPack(Settings(confirmed_rules=frozenset({"cap.cases_percent"}))).caps(past)
    assert sure.status is CapStatus.EXCEEDED
    assert not PACK.caps(counts(start=date(2019, 1, 1), end=date(2019, 3, 31)))
