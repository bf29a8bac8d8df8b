"""Golden cases: the given ones, ours with their reasoning, and the vocabulary's borders."""

from pathlib import Path

import pytest

from toubib.contracts.common import ContractError
from toubib.testing.conformance.golden_cases import GoldenCasesContract, GoldenCasesSubject
from toubib_claims_fr.cases import case_runner

FILES = ("fr_cashflow.csv", "fr_shares.csv", "own_shares.csv", "own_cashflow.csv")
OUTSIDE = (
    ("in_pack", "se"),
    ("in_pack", ""),
    ("in_care_date", "17/03/2019"),
    ("in_care_date", "2019-02-30"),
    ("in_care_date", "20190317"),
    ("in_services", "XYZ"),
    ("in_services", "TCG,MCG"),
    ("in_services", ""),
    ("in_services", "TCG;"),
    ("in_services", "TC*0"),
    ("in_services", "TC*-1"),
    ("in_services", "TC*1.555"),
    ("in_services", "RAW:-5"),
    ("in_fee_cents", "25.00"),
    ("in_fee_cents", "-2500"),
    ("in_fee_cents", "٢٥٠٠"),
    ("in_practitioner_speciality_b2", "1"),
    ("in_practitioner_sector", "3"),
    ("in_zone", "antilles"),
    ("in_patient_birth_date", "2030-01-01"),
    ("in_pathway", "maybe"),
    ("in_out_of_pathway_policy", "half"),
    ("in_entitlements", "ALD"),
    ("in_entitlements", "C2S,AME"),
    ("in_complementary", "responsible+overrun:"),
    ("in_complementary", "full"),
    ("in_flat_contributions_this_year", ""),
    ("in_acts_same_day_same_practitioner", "many"),
    ("in_payment_mode", "cash"),
)
CASES = GoldenCasesSubject(case_runner, Path(__file__).parent / "cases", FILES, OUTSIDE)


class TestCases(GoldenCasesContract):
    @classmethod
    def subject(cls) -> GoldenCasesSubject:
        return CASES


def test_the_birth_date_may_not_follow_the_care_date() -> None:
    with pytest.raises(ContractError):
        CASES.run({**CASES.first, "in_patient_birth_date": "2019-03-18"})


def test_another_countrys_columns_and_a_cash_flow_without_its_mode_are_not_ours() -> None:
    header = list(CASES.first)
    assert case_runner(["id", "title", "in_pack", "in_service", "out_patient_fee_ore"]) is None
    assert case_runner([*header, "in_nation"]) is None
    assert case_runner([c for c in header if c != "in_payment_mode"]) is None


def test_what_no_tariff_answers_for_is_a_failing_case_with_the_reason() -> None:
    differences = CASES.run({**CASES.first, "in_care_date": "2015-01-01"}).differences
    assert differences
    assert all(got == "needs_evidence tariff.TCG.metro" for _, _, got in differences)
