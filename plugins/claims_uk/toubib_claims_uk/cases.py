"""Golden cases: this pack's columns, and the comparison of one row with what the rules give."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from toubib.contracts.common import ContractError
from toubib.contracts.reimbursement import CaseResult, CaseRunner
from toubib_claims_uk.facts import NATIONS
from toubib_claims_uk.messages import msg
from toubib_claims_uk.prescription import CURRENCY, ITEM, charge, exemptions

INPUTS = frozenset({"in_pack", "in_care_date", "in_kind", "in_nation", "in_items", "in_charged_minor", "in_exemption"})
OUTPUTS = ("out_currency", "out_patient_minor", "out_submission_state")
KINDS = ("nhs_consultation", "private_consultation", "nhs_prescription")


def case_runner(header: Sequence[str]) -> CaseRunner | None:
    """A runner when the input columns are this pack's and no expected column is foreign; else `None`."""
    inputs = {c for c in header if c.startswith("in_")}
    outputs = {c for c in header if c.startswith("out_")}
    return run_case if inputs == INPUTS and outputs and outputs <= set(OUTPUTS) else None


def run_case(row: Mapping[str, str]) -> CaseResult:
    """Compare one row; an empty expected cell is not compared."""
    patient = _patient(row)
    got = dict(zip(OUTPUTS, (CURRENCY, patient, "none_required"), strict=True))
    expected = {column: (row.get(column) or "").strip() for column in OUTPUTS}
    return CaseResult(row.get("id", ""), tuple((c, v, got[c]) for c, v in expected.items() if v and v != got[c]))


def _patient(row: Mapping[str, str]) -> str:
    day, kind, nation, exemption = _day(row), _of(row, "in_kind", KINDS), _of(row, "in_nation", dict(NATIONS)), row.get("in_exemption") or ""
    if row.get("in_pack") != "claims_uk" or (exemption and exemption not in exemptions()):
        raise outside("in_exemption" if row.get("in_pack") == "claims_uk" else "in_pack", row)
    items, asked = _whole(row, "in_items"), _whole(row, "in_charged_minor")
    if kind == "nhs_consultation":
        return "0"
    if kind == "private_consultation":
        return str(asked)
    found = charge(nation, items, exemption, day)
    return str(found.minor) if found else f"needs_evidence {ITEM}"


def _of(row: Mapping[str, str], column: str, allowed: Sequence[str] | Mapping[str, object]) -> str:
    text = row.get(column) or ""
    if text not in allowed:
        raise outside(column, row)
    return text


def _day(row: Mapping[str, str]) -> date:
    text = row.get("in_care_date") or ""
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise outside("in_care_date", row)
        return date.fromisoformat(text)
    except ValueError:
        raise outside("in_care_date", row) from None


def _whole(row: Mapping[str, str], column: str) -> int:
    text = row.get(column) or "0"
    if not re.fullmatch(r"[0-9]+", text):
        raise outside(column, row)
    return int(text)


def outside(column: str, row: Mapping[str, str]) -> ContractError:
    """A value that the vocabulary does not know."""
    return ContractError(msg("%(column)s: “%(value)s” is outside the vocabulary.", column=column, value=str(row.get(column))))
