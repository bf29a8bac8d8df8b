"""Golden cases: the given ones, ours with their reasoning, and the vocabulary's borders."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from toubib.contracts.common import ContractError
from toubib_claims_se.cases import case_runner

CASES = Path(__file__).parent / "cases"
FILES = ("se.csv", "own_se.csv")


def rows(name: str) -> Iterator[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


EVERY = [pytest.param(row, id=f"{name}:{row['id']}") for name in FILES for row in rows(name)]
FIRST = next(rows("se.csv"))


@pytest.mark.feature("CLAIM-02:a", "CLAIM-02:b")
@pytest.mark.parametrize("row", EVERY)
def test_case_gives_the_expected_result(row: Mapping[str, str]) -> None:
    runner = case_runner(list(row))
    assert runner is not None
    assert runner(row).differences == ()


def test_a_wrong_expectation_is_named_with_what_came_out() -> None:
    runner = case_runner(list(FIRST))
    assert runner is not None
    column = next(name for name in FIRST if name.startswith("out_") and FIRST[name] not in ("", "wrong"))
    assert runner({**FIRST, column: "wrong"}).differences == ((column, "wrong", FIRST[column]),)
    assert runner({**FIRST, column: ""}).differences == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("in_pack", "se"),
        ("in_care_date", "01/05/2021"),
        ("in_care_date", "2021-02-30"),
        ("in_service", "nurse"),
        ("in_region_patient_fee_minor", "200.00"),
        ("in_region_patient_fee_minor", "-1"),
        ("in_patient_birth_date", "2030-01-01"),
        ("in_ceiling_period_start", "yesterday"),
        ("in_paid_in_ceiling_period_minor", ""),
    ],
)
def test_a_value_outside_the_vocabulary_is_an_error_that_names_it(column: str, value: str) -> None:
    runner = case_runner(list(FIRST))
    assert runner is not None
    with pytest.raises(ContractError) as caught:
        runner({**FIRST, column: value})
    assert caught.value.message.params["column"] == column


def test_the_header_decides_whether_the_file_is_ours() -> None:
    header = list(FIRST)
    assert case_runner([*reversed(header)]) is not None
    assert case_runner([*header, "in_other"]) is None
    assert case_runner([*header, "out_other"]) is None
    assert case_runner([name for name in header if not name.startswith("out_")]) is None
