"""The pack through the contract's door: free for NHS patients, paid when seen privately, claimed from nobody."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from toubib.contracts.common import Money
from toubib.contracts.reimbursement import Charge, ClaimState, CoverageStatus, PatientSnapshot, PerformerSnapshot, Quote, QuoteContext
from toubib.testing.conformance.reimbursement import ReimbursementContract, ReimbursementSubject
from toubib_claims_uk.pack import BritishPack
from toubib_claims_uk.settings import Settings

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SURGERY = PerformerSnapshot("role", "surgery", "physician", "general_practice", {"nhs": "yes"}, "GB")
PATIENT = PatientSnapshot("person", date(1980, 6, 15), "F", {"claims_uk.seen_as": "nhs"}, insured_in="GB")
PACK = BritishPack(Settings())


def visit(**changes: Any) -> QuoteContext:
    found = replace(QuoteContext("encounter", AT, "Europe/London", "video", SURGERY, PATIENT, (Charge("", Money(5900, "GBP")),)), **changes)
    return replace(found, charges=tuple(PACK.charges(found)))


def quote(context: QuoteContext) -> Quote:
    return PACK.quote([context], [()])[0]


class TestBritishPack(ReimbursementContract):
    @pytest.fixture
    def subject(self) -> ReimbursementSubject:
        return ReimbursementSubject(PACK, unknown=visit(patient=PatientSnapshot("person", None)))


def test_an_nhs_visit_is_free_and_nothing_is_claimed() -> None:
    context = visit()
    found = quote(context)
    assert [charge.charged.minor for charge in context.charges] == [0]
    assert found.status is CoverageStatus.COVERED
    assert [why.rule for why in found.reasons] == ["consultation.nhs", "prescription.item"]
    assert not PACK.items(context, found)
    assert PACK.assemble("none", [], AT).state is ClaimState.NONE_REQUIRED


@pytest.mark.parametrize(
    "changes",
    [
        {"patient": replace(PATIENT, facts={"claims_uk.seen_as": "private"})},
        {"performer": replace(SURGERY, attributes={})},
        {"performer": replace(SURGERY, country="FR")},
        {"charges": (Charge("", Money(2500, "EUR")),)},
    ],
)
def test_a_private_visit_and_one_abroad_cost_their_price(changes: dict[str, Any]) -> None:
    context = visit(**changes)
    assert sum(charge.charged.minor for charge in context.charges) > 0
    assert quote(context).status is CoverageStatus.NOT_COVERED
    assert quote(context).warnings


def test_only_a_practice_of_the_nhs_asks_how_the_patient_is_seen() -> None:
    assert [need.key for need in PACK.facts_needed(visit())] == ["claims_uk.seen_as", "claims_uk.nhs_number", "claims_uk.nation"]
    assert not PACK.facts_needed(visit(performer=replace(SURGERY, attributes={})))
    assert not PACK.facts_needed(visit(performer=replace(SURGERY, country="SE")))
