"""What the golden cases of every reimbursement pack must do. A plugin's test inherits the class and says where its files are:

    class TestCases(GoldenCasesContract):
        @classmethod
        def subject(cls) -> GoldenCasesSubject:
            return GoldenCasesSubject(case_runner, Path(__file__).parent / "cases", ("se.csv", "own_se.csv"), OUTSIDE)

The first row of the first file is the one that is spoiled: a wrong expectation, a value of `outside`, a cell too many.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from toubib.contracts.common import ContractError
from toubib.contracts.reimbursement import CaseResult, CaseRunner


@dataclass(frozen=True, slots=True)
class GoldenCasesSubject:
    """The pack's runner, its files, and values (column, cell) that its vocabulary does not have."""

    runner: Callable[[Sequence[str]], CaseRunner | None]
    folder: Path
    files: tuple[str, ...]
    outside: tuple[tuple[str, str], ...]

    def rows(self, name: str) -> list[dict[str, str]]:
        """The cases of one file."""
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @property
    def first(self) -> dict[str, str]:
        """The case that is spoiled."""
        return self.rows(self.files[0])[0]

    def run(self, row: Mapping[str, str]) -> CaseResult:
        """The outcome of one case under its own columns."""
        found = self.runner([column for column in row if column])
        assert found is not None
        return found(row)


class GoldenCasesContract:
    """The promises of `toubib.contracts.reimbursement.CaseRunner`, and that the pack's own cases pass."""

    @classmethod
    def subject(cls) -> GoldenCasesSubject:
        """The cases under test; to be overridden."""
        raise NotImplementedError("give the class method `subject`")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each row, and one for each value outside the vocabulary."""
        given = self.subject()
        if "case" in metafunc.fixturenames:
            cases = [pytest.param(row, id=f"{name}:{row['id']}") for name in given.files for row in given.rows(name)]
            metafunc.parametrize("case", cases)
        if "spoiled" in metafunc.fixturenames:
            metafunc.parametrize("spoiled", given.outside)

    @pytest.mark.feature("CLAIM-02:a", "CLAIM-02:b")
    def test_case_gives_the_expected_result(self, case: Mapping[str, str]) -> None:
        assert self.subject().run(case).differences == ()

    def test_a_value_outside_the_vocabulary_is_an_error_that_names_it(self, spoiled: tuple[str, str]) -> None:
        column, value = spoiled
        with pytest.raises(ContractError) as caught:
            self.subject().run({**self.subject().first, column: value})
        assert caught.value.message.params["column"] == column

    def test_a_wrong_expectation_is_named_with_what_came_out(self) -> None:
        given, first = self.subject(), self.subject().first
        column = next(name for name in first if name.startswith("out_") and first[name] not in ("", "wrong"))
        found = given.run({**first, column: "wrong"})
        assert (found.case_id, found.differences) == (first["id"], ((column, "wrong", first[column]),))
        assert given.run({**first, column: ""}).differences == ()

    def test_a_row_with_too_few_or_too_many_cells_is_an_error(self) -> None:
        given, first = self.subject(), self.subject().first
        spoiled: list[dict[Any, Any]] = [{**first, "in_care_date": None, "in_period_end": None, "in_pack": None}, {**first, None: ["surplus"]}]
        for row in spoiled:
            header = given.runner(list(first))
            assert header is not None
            with pytest.raises(ContractError):
                header(row)

    def test_the_header_decides_whether_the_file_is_ours(self) -> None:
        given, header = self.subject(), list(self.subject().first)
        assert given.runner([*reversed(header)]) is not None
        needed = next(name for name in header if name.startswith("in_"))
        for foreign in ([*header, "in_other"], [*header, "out_other"], [c for c in header if c != needed], [c for c in header if not c.startswith("out_")]):
            assert given.runner(foreign) is None
