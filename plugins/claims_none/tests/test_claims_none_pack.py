"""Nothing to claim: the contract holds, and the patient pays all."""

from datetime import UTC, datetime

import pytest

from toubib.contracts.common import Money
from toubib.contracts.reimbursement import Charge, ClaimState, CoverageStatus, PatientSnapshot, PerformerSnapshot, QuoteContext
from toubib.testing.conformance.reimbursement import ReimbursementContract, ReimbursementSubject
from toubib_claims_none.pack import NoPack

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
VISIT = QuoteContext(
    encounter_id="e",
    care_at=AT,
    zone="Europe/Paris",
    modality="video",
    performer=PerformerSnapshot("r", "o", "physician", ""),
    patient=PatientSnapshot("p", None),
    charges=(Charge("", Money(4000, "EUR")),),
)


class TestNoPack(ReimbursementContract):
    @pytest.fixture
    def subject(self) -> ReimbursementSubject:
        return ReimbursementSubject(NoPack(), unknown=VISIT)


def test_the_whole_price_stays_with_the_patient_and_it_is_said() -> None:
    quote = NoPack().quote([VISIT], [()])[0]
    assert quote.status is CoverageStatus.NOT_COVERED
    assert quote.shares == ()
    assert len(quote.warnings) == 1


def test_no_claim_is_needed() -> None:
    pack = NoPack()
    assert pack.items(VISIT, pack.quote([VISIT], [()])[0]) == ()
    assert pack.assemble("k", (), AT).state is ClaimState.NONE_REQUIRED


def test_the_price_is_the_practitioners() -> None:
    assert [act.tariff for act in NoPack().acts(VISIT)] == [None]
