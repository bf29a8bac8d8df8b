"""Golden cases: the given ones, ours with their reasoning, and the vocabulary's borders."""

from pathlib import Path

from toubib.testing.conformance.golden_cases import GoldenCasesContract, GoldenCasesSubject
from toubib_claims_uk.cases import case_runner

FILES = ("uk.csv", "own_uk.csv")
OUTSIDE = (
    ("in_pack", "uk"),
    ("in_care_date", "2026-13-01"),
    ("in_kind", "visit"),
    ("in_nation", "cornwall"),
    ("in_items", "two"),
    ("in_exemption", "rich"),
    ("in_charged_minor", "59.00"),
)


class TestCases(GoldenCasesContract):
    @classmethod
    def subject(cls) -> GoldenCasesSubject:
        return GoldenCasesSubject(case_runner, Path(__file__).parent / "cases", FILES, OUTSIDE)
