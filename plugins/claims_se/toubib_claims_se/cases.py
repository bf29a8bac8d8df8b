"""Golden cases: this pack's columns, and what the rules give for a row."""

from collections.abc import Mapping, Sequence

from toubib.contracts.reimbursement import CaseRunner
from toubib.services import golden_cases
from toubib.services.golden_cases import Row
from toubib_claims_se.engine import Period, split
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
    """A runner when the columns are this pack's. A case may use rules of low confidence: its author answers for them."""
    return golden_cases.runner("claims_se", header, INPUTS, OUTPUTS, _outputs)


def _outputs(row: Row) -> Mapping[str, str]:
    day, service = row.day("in_care_date"), row.one_of("in_service", SERVICES)
    start = row.day("in_ceiling_period_start") if row.text("in_ceiling_period_start") else None
    if row.day("in_patient_birth_date") > day:
        raise row.outside("in_patient_birth_date")
    if start and start > day:
        raise row.outside("in_ceiling_period_start")
    known, fee = values(), row.whole("in_region_patient_fee_minor")
    period = Period(row.whole("in_paid_in_ceiling_period_minor"), start).on(day)
    tariff, ceiling = known.known(f"tariff.{service}", day), known.known("ceiling", day)
    if tariff is None or ceiling is None:
        missing = [rule for rule, found in ((f"tariff.{service}", tariff), ("ceiling", ceiling)) if found is None]
        return dict.fromkeys(OUTPUTS, " ".join(("needs_evidence", *missing)))
    reached = ceilings_before(known, period.start, day) if period.start else frozenset()
    found = split(tariff.value, fee, ceiling.value, period, reached)
    return dict(zip(OUTPUTS, (CURRENCY, str(found.gross), str(found.patient), str(found.region), str(found.counted)), strict=True))
