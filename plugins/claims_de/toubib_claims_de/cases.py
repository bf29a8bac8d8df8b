"""Golden cases: this pack's columns of quotes and of limits, and what the rules give for a row."""

from collections.abc import Mapping, Sequence

from toubib.contracts.reimbursement import CaseRunner
from toubib.services import golden_cases
from toubib.services.golden_cases import Row
from toubib_claims_de.caps import CASES, cases_cap
from toubib_claims_de.facts import PRIVATE, STATUTORY
from toubib_claims_de.rules import CURRENCY, values

QUOTE_INPUTS = frozenset({"in_pack", "in_care_date", "in_insurance", "in_services", "in_charged_minor"})
QUOTE_OUTPUTS = ("out_currency", "out_points_total", "out_patient_minor", "out_submission_state")
CAP_INPUTS = frozenset({"in_pack", "in_period_end", "in_cases_total", "in_cases_video_only"})
CAP_OUTPUTS = ("out_limit_percent", "out_status")


def case_runner(header: Sequence[str]) -> CaseRunner | None:
    """A runner when the columns are those of quotes or those of limits; else `None`. A case may use rules of low confidence."""
    quotes = golden_cases.runner("claims_de", header, QUOTE_INPUTS, QUOTE_OUTPUTS, _quote)
    return quotes or golden_cases.runner("claims_de", header, CAP_INPUTS, CAP_OUTPUTS, _cap)


def _quote(row: Row) -> Mapping[str, str]:
    day, insurance = row.day("in_care_date"), row.one_of("in_insurance", (STATUTORY, PRIVATE))
    asked, known = row.whole("in_charged_minor", "0"), values()
    rules = [f"points.{code.strip()}" for code in row.text("in_services").split(";")] if row.text("in_services") else []
    if not set(rules) <= set(known.rules()):
        raise row.outside("in_services")
    if insurance == PRIVATE:
        return dict(zip(QUOTE_OUTPUTS, (CURRENCY, "0", str(asked), "none_required"), strict=True))
    found = {rule: known.on(rule, day) for rule in rules}  # points of low confidence are points that nobody found
    if missing := [rule for rule, value in found.items() if value is None]:
        return dict.fromkeys(QUOTE_OUTPUTS, " ".join(("needs_evidence", *missing)))
    points = sum(value.value for rule in rules if (value := found[rule]))
    return dict(zip(QUOTE_OUTPUTS, (CURRENCY, str(points), str(asked), "needs_gateway"), strict=True))


def _cap(row: Row) -> Mapping[str, str]:
    total, video, known = row.whole("in_cases_total"), row.whole("in_cases_video_only"), values()
    if video > total:
        raise row.outside("in_cases_video_only")
    found = cases_cap(known, known.known(CASES, row.day("in_period_end")), total, video)
    if found is None:
        return dict.fromkeys(CAP_OUTPUTS, f"needs_evidence {CASES}")
    return dict(zip(CAP_OUTPUTS, (str(found.percent), str(found.status)), strict=True))
