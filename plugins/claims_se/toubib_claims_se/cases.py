"""Golden cases: this pack's columns, and the comparison of one row with what the rules give."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from toubib.contracts.common import ContractError
from toubib.contracts.reimbursement import CaseResult, CaseRunner
from toubib_claims_se.engine import Period, split
from toubib_claims_se.messages import msg
from toubib_claims_se.rules import CURRENCY, SERVICES, ceilings_before, values

INPUTS = frozenset(
    {
        "in_pack",
        "in_care_date",
        "in_service",
        "in_region_patient_fee_minor",
        "in_patient_birth_date",
        "in_paid_in_ceiling_period_minor",
        "in_ceiling_period_start",
    }
)
OUTPUTS = ("out_currency", "out_gross_minor", "out_patient_minor", "out_region_minor", "out_counter_after_minor")


def case_runner(header: Sequence[str]) -> CaseRunner | None:
    """A runner when the input columns are this pack's and no expected column is foreign; else `None`."""
    inputs = {c for c in header if c.startswith("in_")}
    outputs = {c for c in header if c.startswith("out_")}
    return run_case if inputs == INPUTS and outputs and outputs <= set(OUTPUTS) else None


def run_case(row: Mapping[str, str]) -> CaseResult:
    """Compare one row; an empty expected cell is not compared. A case may use rules of low confidence: its author answers for them."""
    got = _outputs(row)
    expected = {column: (row.get(column) or "").strip() for column in OUTPUTS}
    return CaseResult(row.get("id", ""), tuple((c, v, got[c]) for c, v in expected.items() if v and v != got[c]))


def _outputs(row: Mapping[str, str]) -> Mapping[str, str]:
    day, service = _day(row, "in_care_date"), row.get("in_service") or ""
    if service not in SERVICES or row.get("in_pack") != "claims_se":
        raise outside("in_service" if service not in SERVICES else "in_pack", row)
    if _day(row, "in_patient_birth_date") > day:
        raise outside("in_patient_birth_date", row)
    known, start = values(), _day(row, "in_ceiling_period_start") if row.get("in_ceiling_period_start") else None
    period = Period(_minor(row, "in_paid_in_ceiling_period_minor"), start).on(day)
    tariff, ceiling = known.known(f"tariff.{service}", day), known.known("ceiling", day)
    if tariff is None or ceiling is None:
        missing = [rule for rule, found in ((f"tariff.{service}", tariff), ("ceiling", ceiling)) if found is None]
        return dict.fromkeys(OUTPUTS, " ".join(("needs_evidence", *missing)))
    reached = ceilings_before(known, period.start, day) if period.start else frozenset()
    found = split(tariff.value, _minor(row, "in_region_patient_fee_minor"), ceiling.value, period, reached)
    return dict(zip(OUTPUTS, (CURRENCY, str(found.gross), str(found.patient), str(found.region), str(found.counted)), strict=True))


def _day(row: Mapping[str, str], column: str) -> date:
    text = row.get(column) or ""
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise outside(column, row)
        return date.fromisoformat(text)
    except ValueError:
        raise outside(column, row) from None


def _minor(row: Mapping[str, str], column: str) -> int:
    text = row.get(column) or ""
    if not re.fullmatch(r"[0-9]+", text):
        raise outside(column, row)
    return int(text)


def outside(column: str, row: Mapping[str, str]) -> ContractError:
    """A value that the vocabulary does not know."""
    return ContractError(msg("%(column)s: “%(value)s” is outside the vocabulary.", column=column, value=str(row.get(column))))
