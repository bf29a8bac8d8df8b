"""Proofs of features: a pytest plugin that notes which clauses a run proved, and the command that writes `docs/features.md`.

A test names what it proves with `@pytest.mark.feature("BOOK-03:a")`. With `--feature-results FILE` the run writes its outcomes there;
`python -m toubib.testing.features --results FOLDER --write PAGE [--compare PAGE]` turns the outcomes of one or several runs into the page.
"""

import argparse
import difflib
import sys
from pathlib import Path

import pytest

from toubib.testing.feature_table import Outcome, Results, Row, clause_ids, dump_results, load_results, merge, parse_table, render

TABLE = Path("docs/features.toml")
_RECORDER = pytest.StashKey["Recorder"]()
_UNKNOWN = pytest.StashKey[list[str]]()


class Recorder:
    """Gathers the outcomes of the tests that name clauses."""

    def __init__(self) -> None:
        self._results: Results = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of one test: any failed phase fails it, a passed call passes it."""
        clauses = [str(value) for name, value in report.user_properties if name == "feature"]
        tried_again = str(report.outcome) == "rerun"
        if not clauses or tried_again or (report.when != "call" and report.passed):
            return
        node = report.nodeid.split("[", 1)[0]
        outcome = Outcome(report.outcome)
        self._results = merge([self._results, {clause: {node: outcome} for clause in clauses}])

    def write(self, path: Path) -> None:
        """Write what was gathered."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump_results(self._results))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare where a run writes its outcomes."""
    parser.addoption("--feature-results", type=Path, help="write the outcomes of tests that name clauses of features to this file")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; gather outcomes where reports arrive (with xdist: in the controller only)."""
    config.addinivalue_line("markers", "feature(*ids): the clauses that the test proves, as in BOOK-03:a")
    if config.getoption("feature_results", default=None) and not hasattr(config, "workerinput"):
        config.stash[_RECORDER] = Recorder()
        config.pluginmanager.register(config.stash[_RECORDER], "toubib-feature-recorder")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Hand the clause ids to the reports, and remember the unknown ones.

    Outside this repository there is no table, and any id is taken.
    """
    path = config.rootpath / TABLE
    known = clause_ids(parse_table(path.read_text())) if path.is_file() else None
    for item in items:
        clauses = sorted({str(value) for mark in item.iter_markers("feature") for value in mark.args})
        item.user_properties.extend(("feature", clause) for clause in clauses)
        item.stash[_UNKNOWN] = [clause for clause in clauses if known is not None and clause not in known]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that names an unknown clause is an error."""
    if unknown := item.stash.get(_UNKNOWN, []):
        pytest.fail(f"unknown clauses in @pytest.mark.feature: {', '.join(unknown)} (docs/features.toml lists them)", pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the outcomes at the end of the run."""
    recorder = session.config.stash.get(_RECORDER, None)
    if recorder is not None:
        recorder.write(session.config.getoption("feature_results"))


def _read(folder: Path) -> tuple[dict[str, Row], Results]:
    table = parse_table(TABLE.read_text())
    files = sorted(folder.glob("results-*.json"))
    return table, merge(load_results(path) for path in files)


def _differences(page: str, committed: Path) -> list[str]:
    before = committed.read_text() if committed.is_file() else ""
    return list(difflib.unified_diff(before.splitlines(), page.splitlines(), str(committed), "this run", lineterm="", n=0))


def main(arguments: list[str] | None = None) -> int:
    """Write the page; the exit code is 1 when the committed page says otherwise."""
    parser = argparse.ArgumentParser(prog="python -m toubib.testing.features", description="Write docs/features.md from the results of test runs.")
    parser.add_argument("--results", type=Path, required=True, metavar="FOLDER", help="the folder with results-*.json")
    parser.add_argument("--write", type=Path, required=True, metavar="PAGE")
    parser.add_argument("--compare", type=Path, metavar="PAGE", help="fail when this page differs from the written one")
    options = parser.parse_args(arguments)
    page = render(*_read(options.results))
    options.write.write_text(page)
    differences = _differences(page, options.compare) if options.compare else []
    if differences:
        sys.stdout.write("\n".join(differences[:60]) + "\n")
        sys.stdout.write(f"\n{options.compare} does not say what this run proved. If the run is right, `make features` writes it; then commit it.\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
