"""Golden cases: the given ones, ours with their reasoning, and the vocabulary's borders."""

from pathlib import Path

from toubib.testing.conformance.golden_cases import GoldenCasesContract, GoldenCasesSubject
from toubib_claims_se.cases import case_runner

FILES = ("se.csv", "own_se.csv")
OUTSIDE = (
    ("in_pack", "se"),
    ("in_care_date", "01/05/2021"),
    ("in_care_date", "2021-02-30"),
    ("in_service", "nurse"),
    ("in_region_patient_fee_minor", "200.00"),
    ("in_region_patient_fee_minor", "-1"),
    ("in_region_patient_fee_minor", "٢٠٠"),
    ("in_patient_birth_date", "2030-01-01"),
    ("in_ceiling_period_start", "yesterday"),
    ("in_ceiling_period_start", "2021-05-02"),
    ("in_paid_in_ceiling_period_minor", ""),
)


class TestCases(GoldenCasesContract):
    @classmethod
    def subject(cls) -> GoldenCasesSubject:
        return GoldenCasesSubject(case_runner, Path(__file__).parent / "cases", FILES, OUTSIDE)
