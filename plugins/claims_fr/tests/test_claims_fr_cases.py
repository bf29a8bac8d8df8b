"""Golden cases: the given ones, ours with their reasoning, and the vocabulary's borders."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from toubib.contracts.common import ContractError
from toubib.contracts.reimbursement import CaseRunner
from toubib_claims_fr.cases import case_runner

CASES = Path(__file__).parent / "cases"


def rows(name: str) -> Iterator[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def runner(header: list[str]) -> CaseRunner:
    found = case_runner(header)
    assert found is not None
    return found


FILES = ("fr_shares.csv", "fr_cashflow.csv", "own_shares.csv", "own_cashflow.csv")
EVERY = [pytest.param(row, id=f"{name}:{row['id']}") for name in FILES for row in rows(name)]
FIRST = next(rows("fr_cashflow.csv"))


@pytest.mark.feature("CLAIM-02:a", "CLAIM-02:b")
@pytest.mark.parametrize("row", EVERY)
def test_case_gives_the_expected_amounts(row: Mapping[str, str]) -> None:
    assert runner(list(row))(row).differences == ()


def test_each_wrong_amount_is_named_with_what_came_out() -> None:
    row = {**FIRST, "out_patient_final_cost_cents": "101"}
    result = runner(list(row))(row)
    assert result.case_id == "F01-direct"
    assert result.differences == (("out_patient_final_cost_cents", "101", "100"),)


def test_an_empty_expectation_is_not_compared() -> None:
    row = {**FIRST, "out_patient_final_cost_cents": ""}
    assert runner(list(row))(row).differences == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("in_pack", "se"),
        ("in_pack", ""),
        ("in_care_date", "17/03/2019"),
        ("in_care_date", "2019-02-30"),
        ("in_care_date", "20190317"),
        ("in_services", "XYZ"),
        ("in_services", "TCG,MCG"),
        ("in_services", ""),
        ("in_services", "TCG;"),
        ("in_services", "TC*0"),
        ("in_services", "TC*-1"),
        ("in_services", "TC*1.555"),
        ("in_services", "RAW:-5"),
        ("in_fee_cents", "25.00"),
        ("in_fee_cents", "-2500"),
        ("in_fee_cents", "٢٥٠٠"),
        ("in_practitioner_speciality_b2", "1"),
        ("in_practitioner_sector", "3"),
        ("in_zone", "antilles"),
        ("in_patient_birth_date", "2030-01-01"),
        ("in_pathway", "maybe"),
        ("in_out_of_pathway_policy", "half"),
        ("in_entitlements", "ALD"),
        ("in_entitlements", "C2S,AME"),
        ("in_complementary", "responsible+overrun:"),
        ("in_complementary", "full"),
        ("in_flat_contributions_this_year", ""),
        ("in_acts_same_day_same_practitioner", "many"),
        ("in_payment_mode", "cash"),
    ],
)
def test_a_value_outside_the_vocabulary_is_an_error_that_names_it(column: str, value: str) -> None:
    row = {**FIRST, column: value}
    with pytest.raises(ContractError) as caught:
        runner(list(row))(row)
    assert caught.value.message.params["column"] == column


def test_the_birth_date_may_not_follow_the_care_date() -> None:
    row = {**FIRST, "in_patient_birth_date": "2019-03-18"}
    with pytest.raises(ContractError):
        runner(list(row))(row)


def test_a_row_with_too_few_cells_is_an_error_and_not_a_crash() -> None:
    row: Any = {column: None if column == "in_zone" else value for column, value in FIRST.items()}
    with pytest.raises(ContractError):
        runner(list(FIRST))(row)


def test_a_row_with_too_many_cells_is_an_error() -> None:
    row: Any = {**FIRST, None: ["surplus"]}
    with pytest.raises(ContractError):
        runner(list(FIRST))(row)


def test_the_header_decides_whether_the_file_is_ours() -> None:
    header = list(FIRST)
    assert case_runner(header) is not None
    assert case_runner([*reversed(header)]) is not None
    assert case_runner(["id", "title", "in_pack", "in_service", "out_patient_fee_ore"]) is None
    assert case_runner([*header, "out_points"]) is None
    assert case_runner([*header, "in_nation"]) is None
    assert case_runner([c for c in header if c != "in_zone"]) is None
    assert case_runner([c for c in header if c != "in_payment_mode"]) is None
    assert case_runner([c for c in header if not c.startswith("out_")]) is None


def test_what_no_tariff_answers_for_is_a_failing_case_with_the_reason() -> None:
    row = {**FIRST, "in_care_date": "2015-01-01"}
    differences = runner(list(row))(row).differences
    assert differences
    assert all(got == "needs_evidence tariff.TCG.metro" for _, _, got in differences)
