"""Golden cases: this pack's columns, and what the rules give for a row."""

from collections.abc import Mapping, Sequence

from toubib.contracts.reimbursement import CaseRunner
from toubib.services import golden_cases
from toubib.services.golden_cases import Row
from toubib_claims_uk.facts import NATIONS
from toubib_claims_uk.prescription import CURRENCY, ITEM, charge, exemptions

INPUTS = frozenset({"in_pack", "in_care_date", "in_kind", "in_nation", "in_items", "in_charged_minor", "in_exemption"})
OUTPUTS = ("out_currency", "out_patient_minor", "out_submission_state")
KINDS = ("nhs_consultation", "private_consultation", "nhs_prescription")


def case_runner(header: Sequence[str]) -> CaseRunner | None:
    """A runner when the columns are this pack's."""
    return golden_cases.runner("claims_uk", header, INPUTS, OUTPUTS, _outputs)


def _outputs(row: Row) -> Mapping[str, str]:
    return dict(zip(OUTPUTS, (CURRENCY, _patient(row), "none_required"), strict=True))


def _patient(row: Row) -> str:
    day, kind, nation = row.day("in_care_date"), row.one_of("in_kind", KINDS), row.one_of("in_nation", dict(NATIONS))
    exemption = row.one_of("in_exemption", {"", *exemptions()})
    items, asked = row.whole("in_items", "0"), row.whole("in_charged_minor", "0")
    if kind == "nhs_consultation":
        return "0"
    if kind == "private_consultation":
        return str(asked)
    found = charge(nation, items, exemption, day)
    return str(found.minor) if found else f"needs_evidence {ITEM}"
