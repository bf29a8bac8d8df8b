"""The pack through the contract's door: fee, ceiling, direct payment, the monthly invoice."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from toubib.contracts.common import Money, Place
from toubib.contracts.counters import Counter
from toubib.contracts.reasons import Confidence
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
from toubib.testing.conformance.reimbursement import ReimbursementContract, ReimbursementSubject
from toubib_claims_se.pack import SwedishPack
from toubib_claims_se.quoting import COUNTER
from toubib_claims_se.settings import Settings

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CONFIRMED = frozenset({"tariff.doctor", "tariff.psychologist", "tariff.other", "ceiling"})
CONTRACT = Settings(region="06", patient_fee_minor=20000, free_below_age=20, confirmed_rules=CONFIRMED)
DOCTOR = PerformerSnapshot("role", "company", "physician", "", {}, "SE")
KNOWN = {"claims_se.personnummer": "880320-0016", "claims_se.region": "01"}
ADULT = PatientSnapshot("person", date(1988, 3, 20), "F", KNOWN, insured_in="SE")


def visit(price: int = 50000, **changes: Any) -> QuoteContext:
    charges = (Charge("", Money(price, "SEK")),)
    return replace(QuoteContext("encounter", AT, "Europe/Stockholm", "video", DOCTOR, ADULT, charges), **changes)


def paid(minor: int, since: date = date(2025, 9, 1)) -> dict[str, Counter]:
    return {COUNTER: Counter(COUNTER, minor, complete=False, since=since)}


def quote(context: QuoteContext, settings: Settings = CONTRACT) -> Quote:
    return SwedishPack(settings).quote([context], [()])[0]


class TestSwedishPack(ReimbursementContract):
    @pytest.fixture
    def subject(self) -> ReimbursementSubject:
        return ReimbursementSubject(SwedishPack(CONTRACT), unknown=visit(patient=PatientSnapshot("person", None)), covered=visit())


def test_the_region_pays_the_provider_and_the_patient_the_fee() -> None:
    found = quote(visit())
    (share,) = found.shares
    assert (share.payer, share.amount, share.direct) == ("region:01", Money(30000, "SEK"), True)
    assert found.counters == {COUNTER: 20000}
    assert share.why[0].confidence is Confidence.MEDIUM
    assert [why.rule for why in found.reasons] == ["fee.region", "ceiling"]


@pytest.mark.parametrize(
    ("changes", "region", "counted"),
    [
        ({"counters": paid(140000)}, 45000, 5000),
        ({"counters": paid(145000)}, 50000, None),
        ({"counters": paid(145000, date(2025, 3, 2))}, 30000, 20000),
        ({"patient": replace(ADULT, birth_date=date(2010, 1, 1))}, 50000, None),
        ({"patient": replace(ADULT, facts={**KNOWN, "claims_se.free_card_until": "2026-03-02"})}, 50000, None),
        ({"patient": replace(ADULT, facts={**KNOWN, "claims_se.free_card_until": "2026-03-01"})}, 30000, 20000),
        ({"patient_place": Place("FR", "Nice")}, 30000, 20000),
    ],
)
def test_fee_ceiling_and_free_card(changes: dict[str, Any], region: int, counted: int | None) -> None:
    found = quote(visit(**changes))
    assert [share.amount.minor for share in found.shares] == [region]
    assert found.counters.get(COUNTER) == counted


def test_nobody_is_charged_more_than_the_agreement_pays() -> None:
    pack = SwedishPack(CONTRACT)
    assert [charge.charged.minor for charge in pack.charges(visit(80000))] == [50000]
    assert [charge.charged.minor for charge in pack.charges(visit(45000))] == [45000]


@pytest.mark.feature("CLAIM-16:b")
def test_without_a_confirmed_rule_or_a_known_fee_nothing_is_promised_and_the_rule_is_named() -> None:
    for settings in (Settings(region="06", patient_fee_minor=20000), Settings(region="06", confirmed_rules=CONFIRMED)):
        found = quote(visit(), settings)
        assert found.status is CoverageStatus.NEEDS_EVIDENCE
        assert not found.shares
        assert found.warnings
    said = quote(visit(), Settings(region="06", patient_fee_minor=20000)).warnings[0]
    assert said.params["rules"] == "tariff.doctor, ceiling"


@pytest.mark.parametrize(
    "changes",
    [
        {"performer": replace(DOCTOR, country="FR")},
        {"charges": (Charge("", Money(2500, "EUR")),)},
    ],
)
def test_care_that_is_billed_abroad_is_not_the_regions(changes: dict[str, Any]) -> None:
    context = visit(**changes)
    assert quote(context).status is CoverageStatus.NOT_COVERED
    assert not SwedishPack(CONTRACT).facts_needed(context)
    assert SwedishPack(CONTRACT).charges(context) == context.charges


def test_a_provider_without_a_contract_is_paid_by_the_patient() -> None:
    assert quote(visit(), Settings()).status is CoverageStatus.NOT_COVERED


def items(number: int, when: datetime = AT, facts: Mapping[str, str] = KNOWN) -> list[FrozenItem]:
    patient = replace(ADULT, person_id=f"person{number}", facts=facts)
    context = visit(encounter_id=f"encounter{number}", patient=patient, care_at=when)
    pack = SwedishPack(CONTRACT)
    return list(pack.items(context, quote(context)))


def test_one_invoice_a_month_for_each_region_of_all_its_insured() -> None:
    made = [*items(1), *items(2, AT + timedelta(days=20)), *items(3, facts={**KNOWN, "claims_se.region": "14"}), *items(4, AT + timedelta(days=40))]
    keys = sorted({item.grouping_key for item in made})
    assert keys == ["claims_se/01/2026-03", "claims_se/01/2026-04", "claims_se/14/2026-03"]
    pack, march = SwedishPack(CONTRACT), [item for item in made if item.grouping_key == keys[0]]
    gathering = pack.assemble(keys[0], march, AT)
    assert gathering.state is ClaimState.DRAFT
    assert gathering.payload["total_minor"] == 60000
    assert len(gathering.payload["lines"]) == 2
    assert pack.assemble(keys[0], march, datetime(2026, 4, 1, 6, tzinfo=UTC)).state is ClaimState.NEEDS_GATEWAY


def test_an_invoice_without_a_number_is_held() -> None:
    made = items(1, facts={**KNOWN, "claims_se.personnummer": ""})
    found = SwedishPack(CONTRACT).assemble(made[0].grouping_key, made, AT)
    assert found.state is ClaimState.HELD
    assert [why.rule for why in found.violations] == ["claim.personnummer"]


def test_a_region_is_one_of_the_known_ones() -> None:
    with pytest.raises(ValueError, match="region"):
        Settings(region="99")
