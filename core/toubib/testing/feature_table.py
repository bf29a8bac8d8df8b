"""The table of features: rows split into clauses, what test runs proved of them, and the page that says so."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Outcome(StrEnum):
    """How a test ended, over all its parameters and all runs."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class State(StrEnum):
    """What may be said of a row."""

    PROVEN = "proven"
    OPEN = "open"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Row:
    """One feature: its clauses by letter, and for some of them the reason why they cannot be run where the tests run."""

    id: str
    title: str
    clauses: Mapping[str, str]
    not_run: Mapping[str, str] = field(default_factory=dict)


class FeatureTableError(ValueError):
    """The table itself is wrong; the message names the row."""


def parse_table(text: str) -> dict[str, Row]:
    """Read the table from TOML; rows keep their order.

    Raises `FeatureTableError` for a row without title or clauses, or with a reason for a clause that it does not have.
    """
    rows = {}
    for row_id, values in tomllib.loads(text).items():
        title, not_run = values.pop("title", ""), values.pop("not_run", {})
        if not title or not values:
            msg = f"{row_id} needs a title and at least one clause"
            raise FeatureTableError(msg)
        if unknown := sorted(set(not_run) - set(values)):
            msg = f"{row_id} gives a reason for a clause that it does not have: {unknown}"
            raise FeatureTableError(msg)
        rows[row_id] = Row(row_id, title, values, not_run)
    return rows


def clause_ids(table: Mapping[str, Row]) -> frozenset[str]:
    """All ids that a test may name, such as `BOOK-03:a`."""
    return frozenset(f"{row.id}:{letter}" for row in table.values() for letter in row.clauses)


Results = dict[str, dict[str, Outcome]]
"""Clause id to node id (without parameters) to outcome."""

_WORST_FIRST = (Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED)


def merge(results: Iterable[Results]) -> Results:
    """Several runs as one: a test that failed in any run failed; one that only skipped proves nothing."""
    merged: Results = {}
    for one in results:
        for clause, tests in one.items():
            into = merged.setdefault(clause, {})
            for node, outcome in tests.items():
                into[node] = min(into.get(node, outcome), outcome, key=_WORST_FIRST.index)
    return merged


def dump_results(results: Results) -> str:
    """Results as sorted JSON, the same text for the same outcomes."""
    return json.dumps(results, indent=1, sort_keys=True) + "\n"


def load_results(path: Path) -> Results:
    """What one run wrote."""
    stored = json.loads(path.read_text())
    return {clause: {node: Outcome(outcome) for node, outcome in tests.items()} for clause, tests in stored.items()}


def proofs(results: Results, clause: str) -> list[str]:
    """The tests that prove a clause: none when any test that names it failed."""
    tests = results.get(clause, {})
    if Outcome.FAILED in tests.values():
        return []
    return sorted(node for node, outcome in tests.items() if outcome is Outcome.PASSED)


def state_of(row: Row, results: Results) -> State:
    """Proven only when every clause is; not run when a clause cannot be."""
    if row.not_run:
        return State.NOT_RUN
    return State.PROVEN if all(proofs(results, f"{row.id}:{letter}") for letter in row.clauses) else State.OPEN


def _row_lines(row: Row, results: Results) -> list[str]:
    lines = [f"### {row.id} {row.title}", "", f"*{state_of(row, results)}*", ""]
    for letter, text in row.clauses.items():
        tests = proofs(results, f"{row.id}:{letter}")
        if letter in row.not_run:
            said = f"*not run*: {row.not_run[letter]}"
        elif tests:
            said = "*proven by* " + ", ".join(f"`{node}`" for node in tests)
        else:
            said = "*open*"
        lines.append(f"- {letter}: {text}. {said}")
    return [*lines, ""]


def render(table: Mapping[str, Row], results: Results) -> str:
    """The page `docs/features.md`: the same text for the same table and outcomes."""
    states = [state_of(row, results) for row in table.values()]
    lines = [
        "# Features",
        "",
        "Written by `make features` from the results of `make test`; not to be edited by hand.",
        "A row is proven when every clause of it has a test that ran and passed, on SQLite or PostgreSQL, and none that failed.",
        "",
        f"{len(states)} rows: {states.count(State.PROVEN)} proven, {states.count(State.OPEN)} open, {states.count(State.NOT_RUN)} not run.",
        "",
    ]
    group = ""
    for row in table.values():
        if row.id.split("-")[0] != group:
            group = row.id.split("-")[0]
            lines += [f"## {group}", ""]
        lines += _row_lines(row, results)
    return "\n".join(lines).rstrip() + "\n"
