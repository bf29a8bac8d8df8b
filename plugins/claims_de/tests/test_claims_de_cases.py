"""Golden cases: the given ones, ours with their reasoning, and the vocabulary's borders."""

from pathlib import Path

from toubib.testing.conformance.golden_cases import GoldenCasesContract, GoldenCasesSubject
from toubib_claims_de.cases import case_runner

FILES = ("de_quotes.csv", "de_caps.csv", "own_quotes.csv", "own_caps.csv")
OUTSIDE = (
    ("in_pack", "de"),
    ("in_care_date", "5.5.2025"),
    ("in_insurance", "gkv"),
    ("in_services", "99999"),
    ("in_services", "01450,88220"),
    ("in_services", "01450;"),
    ("in_charged_minor", "20.00"),
)


class TestCases(GoldenCasesContract):
    @classmethod
    def subject(cls) -> GoldenCasesSubject:
        return GoldenCasesSubject(case_runner, Path(__file__).parent / "cases", FILES, OUTSIDE)
