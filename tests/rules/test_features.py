"""The table of features and what runs prove of it."""

import sys
from pathlib import Path

import pytest

from toubib.testing.feature_table import FeatureTableError, Outcome, State, clause_ids, merge, parse_table, proofs, render, state_of

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[2]
TABLE = """
[BOOK-01]
title = "Search"
a = "by specialty"
b = "by place"

[ROOM-15]
title = "Phones"
a = "in Chromium"
b = "on a phone"
not_run = { b = "no phone here" }
"""
PROBE = """
import pytest

@pytest.mark.feature("BOOK-01:a")
@pytest.mark.parametrize("place", ["Lyon", "Brest"])
def test_specialty(place):
    assert place != WRONG

@pytest.mark.feature("BOOK-01:b", "ROOM-15:a")
def test_place():
    pytest.skip("not here")

@pytest.mark.feature("BOOK-01:b")
class TestPlace:
    def test_it(self):
        pass
"""


def test_the_table_of_this_repository_is_sound() -> None:
    table = parse_table((ROOT / "docs" / "features.toml").read_text())
    assert len(table) == 220
    assert "BOOK-03:a" in clause_ids(table)


@pytest.mark.parametrize("text", ['[A-01]\ntitle = "x"', '[A-01]\na = "x"', '[A-01]\ntitle = "x"\na = "y"\nnot_run = { b = "z" }'])
def test_a_table_with_a_hole_is_refused(text: str) -> None:
    with pytest.raises(FeatureTableError, match="A-01"):
        parse_table(text)


def test_a_row_is_proven_only_by_every_clause() -> None:
    row = parse_table(TABLE)["BOOK-01"]
    assert state_of(row, {"BOOK-01:a": {"t": Outcome.PASSED}}) is State.OPEN
    assert state_of(row, {"BOOK-01:a": {"t": Outcome.PASSED}, "BOOK-01:b": {"t": Outcome.SKIPPED}}) is State.OPEN
    assert state_of(row, {"BOOK-01:a": {"t": Outcome.PASSED}, "BOOK-01:b": {"t": Outcome.PASSED}}) is State.PROVEN


def test_one_failure_in_one_run_takes_the_proof_away() -> None:
    merged = merge([{"BOOK-01:a": {"t": Outcome.PASSED, "u": Outcome.PASSED}}, {"BOOK-01:a": {"t": Outcome.FAILED}}])
    assert proofs(merged, "BOOK-01:a") == []


def test_a_row_that_cannot_be_run_is_never_proven() -> None:
    row = parse_table(TABLE)["ROOM-15"]
    everything = {"ROOM-15:a": {"t": Outcome.PASSED}, "ROOM-15:b": {"t": Outcome.PASSED}}
    assert state_of(row, everything) is State.NOT_RUN
    assert "*not run*: no phone here" in render({row.id: row}, everything)


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A small repository with a table of features and three tests."""
    pytester.mkdir("docs").joinpath("features.toml").write_text(TABLE)
    pytester.makepyfile(test_probe=PROBE.replace("WRONG", "None"))
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the probe's tests in a process of their own."""
    return project.runpytest_subprocess("-p", "toubib.testing.features", *arguments)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_writes_what_it_proved(project: pytest.Pytester, workers: str) -> None:
    run(project, "-n", workers, "--feature-results", "build/results-a.json").assert_outcomes(passed=3, skipped=1)
    page = write_page(project)
    assert "*proven by* `test_probe.py::test_specialty`" in page
    assert "*proven by* `test_probe.py::TestPlace::test_it`" in page
    assert "2 rows: 1 proven, 0 open, 1 not run." in page


def test_a_failing_parameter_leaves_the_clause_open(project: pytest.Pytester) -> None:
    project.makepyfile(test_probe=PROBE.replace("WRONG", "'Lyon'"))
    run(project, "--feature-results", "build/results-a.json").assert_outcomes(passed=2, failed=1, skipped=1)
    assert "- a: by specialty. *open*" in write_page(project)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_unknown_clause_is_an_error(project: pytest.Pytester, workers: str) -> None:
    project.makepyfile(test_probe=PROBE.replace("WRONG", "None").replace("BOOK-01:a", "BOOK-01:z"))
    result = run(project, "-n", workers)
    result.assert_outcomes(errors=2, passed=1, skipped=1)
    assert "unknown clauses in @pytest.mark.feature: BOOK-01:z" in result.stdout.str()


def test_a_committed_page_that_says_otherwise_fails(project: pytest.Pytester) -> None:
    run(project, "--feature-results", "build/results-a.json")
    page = write_page(project)
    committed = project.path / "docs" / "features.md"
    committed.write_text(page)
    assert command(project, "--compare", "docs/features.md").ret == 0
    committed.write_text(page.replace("proven", "open"))
    told = command(project, "--compare", "docs/features.md")
    assert told.ret == 1
    assert "`make features` writes it" in told.stdout.str()


def command(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run the command that writes the page."""
    return project.run(sys.executable, "-m", "toubib.testing.features", "--results", "build", "--write", "build/features.md", *arguments)


def write_page(project: pytest.Pytester) -> str:
    """The page after a run."""
    assert command(project).ret == 0
    return (project.path / "build" / "features.md").read_text()
