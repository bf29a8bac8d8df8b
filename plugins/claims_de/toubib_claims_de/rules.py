"""The dated values of the pack: codes with their points, and limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from toubib.services.dated import DatedValue, DatedValues
from toubib_claims_de.messages import DOMAIN, msg

PACKAGE = "toubib_claims_de"
RULESET = "claims_de-2026-11"
CURRENCY = "EUR"
VIDEO_ONLY = "88220"
LABELS = {
    "01439": msg("Video consultation"),
    "01442": msg("Video conference with carers"),
    "01444": msg("Identity of an unknown patient checked by video"),
    "01450": msg("Supplement for a video contact"),
    "01451": msg("Supplement for starting with video"),
    VIDEO_ONLY: msg("Quarter by video only (no points)"),
}
PRIVATE_SERVICE = "GOÄ"
"""A service agreed on with the patient, who is billed for it."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code of the fee schedule on a day, with what it brings; `row` is empty where that is not known."""

    code: str
    row: DatedValue | None

    @property
    def points(self) -> int | None:
        """The points; `None` while they are not known."""
        return self.row.value if self.row else None


def values(trusted: frozenset[str] = frozenset()) -> DatedValues:
    """The data file; `trusted` are the rules that a person of the installation confirmed."""
    return DatedValues(PACKAGE, "values.csv", DOMAIN, trusted)


def code_on(known: DatedValues, code: str, day: date) -> Code | None:
    """A code in force on a day; `None` for one that is none, or not any more."""
    rule = f"points.{code}"
    return Code(code, known.on(rule, day)) if known.known(rule, day) else None


def codes_on(known: DatedValues, day: date) -> Sequence[Code]:
    """Every code in force on a day."""
    return [found for code in LABELS if (found := code_on(known, code, day))]


def quarter(day: date) -> str:
    """The quarter of a day, as in `2026Q1`."""
    return f"{day.year}Q{(day.month + 2) // 3}"
