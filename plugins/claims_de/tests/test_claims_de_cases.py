"""Golden cases: the given ones, ours with their reasoning, and the vocabulary's borders."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from toubib.contracts.common import ContractError
from toubib_claims_de.cases import case_runner

CASES = Path(__file__).parent / "cases"
FILES = ("de_quotes.csv", "de_caps.csv", "own_quotes.csv", "own_caps.csv")


def rows(name: str) -> Iterator[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


EVERY = [pytest.param(row, id=f"{name}:{row['id']}") for name in FILES for row in rows(name)]
FIRST = next(rows("de_quotes.csv"))


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
        ("in_pack", "de"),
        ("in_care_date", "5.5.2025"),
        ("in_insurance", "gkv"),
        ("in_services", "99999"),
        ("in_services", "01450,88220"),
        ("in_charged_minor", "20.00"),
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
