"""Golden cases: this pack's columns, and the comparison of one row with what the rules give."""

from collections.abc import Callable, Mapping, Sequence

from toubib.contracts.reimbursement import CaseResult, CaseRunner
from toubib.services.golden_cases import outside
from toubib_claims_fr.cashflow import Cashflow, cashflow
from toubib_claims_fr.engine import NeedsEvidence, Priced, price
from toubib_claims_fr.profile import PaymentMode
from toubib_claims_fr.ruleset import ruleset
from toubib_claims_fr.vocabulary import read_payment_mode, read_profile

INPUTS = frozenset(
    {
        "in_pack",
        "in_care_date",
        "in_services",
        "in_fee_cents",
        "in_practitioner_speciality_b2",
        "in_practitioner_sector",
        "in_zone",
        "in_patient_birth_date",
        "in_pathway",
        "in_out_of_pathway_policy",
        "in_entitlements",
        "in_complementary",
        "in_flat_contributions_this_year",
        "in_acts_same_day_same_practitioner",
    }
)
MODE = "in_payment_mode"
SHARES: Mapping[str, Callable[[Priced], int]] = {
    "out_base_cents": lambda p: p.base,
    "out_national_gross_cents": lambda p: p.gross,
    "out_flat_contribution_cents": lambda p: p.flat.amount,
    "out_national_paid_cents": lambda p: p.net,
    "out_local_scheme_cents": lambda p: p.local,
    "out_c2s_cents": lambda p: p.c2s,
    "out_complementary_cents": lambda p: p.complementary,
    "out_overrun_cents": lambda p: p.overrun,
    "out_pathway_reduction_cents": lambda p: p.reduction,
    "out_patient_cents": lambda p: p.patient,
}
FLOWS: Mapping[str, Callable[[Cashflow], int]] = {
    "out_at_counter_patient_to_doctor_cents": lambda c: c.counter,
    "out_national_to_doctor_cents": lambda c: c.national_to_doctor,
    "out_complementary_to_doctor_cents": lambda c: c.complementary_to_doctor,
    "out_national_to_patient_cents": lambda c: c.national_to_patient,
    "out_complementary_to_patient_cents": lambda c: c.complementary_to_patient,
    "out_flat_contribution_receivable_national_on_patient_cents": lambda c: c.receivable,
    "out_patient_final_cost_cents": lambda c: c.patient_final,
}


def case_runner(header: Sequence[str]) -> CaseRunner | None:
    """A runner when every input column of this pack is there and no expected column is foreign; else `None`."""
    columns = set(header)
    inputs = {c for c in columns if c.startswith("in_")}
    outputs = {c for c in columns if c.startswith("out_")}
    foreign = outputs - SHARES.keys() - FLOWS.keys()
    needs_mode = bool(outputs & FLOWS.keys())
    if inputs - {MODE} != INPUTS or foreign or not outputs or (needs_mode and MODE not in inputs):
        return None
    return run_case


def run_case(row: Mapping[str, str]) -> CaseResult:
    """Compare one row; an empty expected cell is not compared. `ContractError` for a value outside the vocabulary."""
    if not all(row):
        # csv.DictReader gathers surplus cells under None
        raise outside("row", str(row.get("id", "")))
    rules = ruleset()
    profile = read_profile(row, rules)
    mode = read_payment_mode(row) if MODE in row else PaymentMode.DIRECT
    got = _outputs(price(profile, rules), mode)
    expected = {c: (row.get(c) or "").strip() for c in got}
    different = tuple((c, v, got[c]) for c, v in expected.items() if v and v != got[c])
    return CaseResult(row.get("id", ""), different)


def _outputs(answer: Priced | NeedsEvidence, mode: PaymentMode) -> Mapping[str, str]:
    if isinstance(answer, NeedsEvidence):
        reason = " ".join(("needs_evidence", *answer.facts, *answer.rules))
        return dict.fromkeys([*SHARES, *FLOWS], reason)
    flows = cashflow(answer, mode)
    shares = {column: str(read(answer)) for column, read in SHARES.items()}
    return shares | {column: str(read(flows)) for column, read in FLOWS.items()}
