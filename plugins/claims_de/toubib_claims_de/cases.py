"""Golden cases: this pack's columns of quotes and of limits, and the comparison of one row with what the rules give."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from toubib.contracts.common import ContractError
from toubib.contracts.reimbursement import CaseResult, CaseRunner
from toubib_claims_de.caps import CASES, cases_cap
from toubib_claims_de.facts import PRIVATE, STATUTORY
from toubib_claims_de.messages import msg
from toubib_claims_de.rules import CURRENCY, values

QUOTE_INPUTS = frozenset({"in_pack", "in_care_date", "in_insurance", "in_services", "in_charged_minor"})
QUOTE_OUTPUTS = ("out_currency", "out_points_total", "out_patient_minor", "out_submission_state")
CAP_INPUTS = frozenset({"in_pack", "in_period_end", "in_cases_total", "in_cases_video_only"})
CAP_OUTPUTS = ("out_limit_percent", "out_status")
Outputs = Callable[[Mapping[str, str]], Mapping[str, str]]


def case_runner(header: Sequence[str]) -> CaseRunner | None:
    """A runner when the columns are those of quotes or those of limits; else `None`. A case may use rules of low confidence."""
    inputs = {c for c in header if c.startswith("in_")}
    outputs = {c for c in header if c.startswith("out_")}
    for wanted, possible, run in ((QUOTE_INPUTS, QUOTE_OUTPUTS, _quote), (CAP_INPUTS, CAP_OUTPUTS, _cap)):
        if inputs == wanted and outputs and outputs <= set(possible):
            return _runner(run, possible)
    return None


def _runner(run: Outputs, columns: Sequence[str]) -> CaseRunner:
    def run_case(row: Mapping[str, str]) -> CaseResult:
        if row.get("in_pack") != "claims_de":
            raise outside("in_pack", row)
        got = run(row)
        expected = {column: (row.get(column) or "").strip() for column in columns}
        return CaseResult(row.get("id", ""), tuple((c, v, got[c]) for c, v in expected.items() if v and v != got[c]))

    return run_case


def _quote(row: Mapping[str, str]) -> Mapping[str, str]:
    day, insurance = _day(row, "in_care_date"), row.get("in_insurance") or ""
    if insurance not in (STATUTORY, PRIVATE):
        raise outside("in_insurance", row)
    asked = _whole(row, "in_charged_minor") if row.get("in_charged_minor") else 0
    known, rules = values(), [f"points.{code}" for code in (row.get("in_services") or "").split(";") if code]
    if not set(rules) <= set(known.rules()):
        raise outside("in_services", row)
    found = [known.known(rule, day) for rule in rules]
    missing = [rule for rule, value in zip(rules, found, strict=True) if value is None]
    points = sum(value.value for value in found if value)
    if missing:
        return dict.fromkeys(QUOTE_OUTPUTS, " ".join(("needs_evidence", *missing)))
    if insurance == PRIVATE:
        return dict(zip(QUOTE_OUTPUTS, (CURRENCY, "0", str(asked), "none_required"), strict=True))
    return dict(zip(QUOTE_OUTPUTS, (CURRENCY, str(points), str(asked), "needs_gateway"), strict=True))


def _cap(row: Mapping[str, str]) -> Mapping[str, str]:
    total, video = _whole(row, "in_cases_total"), _whole(row, "in_cases_video_only")
    if video > total:
        raise outside("in_cases_video_only", row)
    known = values()
    found = cases_cap(known, known.known(CASES, _day(row, "in_period_end")), total, video)
    if found is None:
        return dict.fromkeys(CAP_OUTPUTS, f"needs_evidence {CASES}")
    return dict(zip(CAP_OUTPUTS, (str(found.percent), str(found.status)), strict=True))


def _day(row: Mapping[str, str], column: str) -> date:
    text = row.get(column) or ""
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise outside(column, row)
        return date.fromisoformat(text)
    except ValueError:
        raise outside(column, row) from None


def _whole(row: Mapping[str, str], column: str) -> int:
    text = row.get(column) or ""
    if not re.fullmatch(r"[0-9]+", text):
        raise outside(column, row)
    return int(text)


def outside(column: str, row: Mapping[str, str]) -> ContractError:
    """A value that the vocabulary does not know."""
    return ContractError(msg("%(column)s: “%(value)s” is outside the vocabulary.", column=column, value=str(row.get(column))))
