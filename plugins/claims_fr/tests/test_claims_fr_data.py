"""The data files: every row dated, sourced, trusted to a degree; catalogues complete."""

import ast
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import toubib_claims_fr
from toubib_claims_fr import explain
from toubib_claims_fr.dated import DatedTable, Row, Trust
from toubib_claims_fr.eligibility import eras, exceptions
from toubib_claims_fr.explain import described
from toubib_claims_fr.ruleset import rows_of, ruleset

PACKAGE = Path(toubib_claims_fr.__file__).parent


def test_every_row_has_a_source_and_a_first_day() -> None:
    rows = list(ruleset().every_row())
    assert len(rows) > 200
    assert all(row.source and row.valid_from <= date(2026, 11, 21) for row in rows)
    assert all(row.valid_to is None or row.valid_from <= row.valid_to for row in rows)


def test_every_row_can_be_put_in_words() -> None:
    for row in ruleset().every_row():
        found = described(row)
        assert found.sentence.key % dict.fromkeys(found.sentence.params, "x")


def test_every_exception_and_condition_has_its_sentence() -> None:
    assert {waiver.code for _, waiver in exceptions()} == set(explain.EXCEPTIONS)
    assert [era.name for _, era in eras()] == ["avenant_6", "covid", "avenant_9", "convention_2024"]


def test_eras_follow_each_other_without_a_gap() -> None:
    found = [era for _, era in eras()]
    for before, after in pairwise(found):
        assert before.valid_to is not None
        assert (after.valid_from - before.valid_to).days == 1
    assert found[-1].valid_to is None


def test_codes_of_tariffs_and_supplements_are_acts() -> None:
    acts = set(ruleset().acts)
    assert {cell["code"] for cell in rows_of("tariffs.csv")} <= acts
    assert {cell[side] for cell in rows_of("supplements.csv") for side in ("act", "supplement")} <= acts


def row(first: date, last: date | None) -> Row:
    return Row("r", 1, first, last, Trust.HIGH, "s")


def test_rows_that_overlap_are_refused_at_start() -> None:
    with pytest.raises(ValueError, match="overlap"):
        DatedTable([("k", row(date(2020, 1, 1), None)), ("k", row(date(2021, 1, 1), None))])


def test_a_day_between_two_rows_has_none() -> None:
    table = DatedTable([("k", row(date(2020, 1, 1), date(2020, 1, 31))), ("k", row(date(2020, 3, 1), None))])
    assert table.on("k", date(2019, 12, 31)) is None
    assert table.on("k", date(2020, 1, 31)) is not None
    assert table.on("k", date(2020, 2, 1)) is None
    assert table.on("k", date(2030, 1, 1)) is not None
    assert table.on("other", date(2020, 1, 1)) is None


def strings(node: ast.AST) -> Iterator[str]:
    """Text constants that are values, not dictionary keys."""
    if isinstance(node, ast.Dict):
        for value in node.values:
            yield from strings(value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Tuple):
        for part in node.elts:
            yield from strings(part)


def msgids() -> set[str]:
    found = {cell["label"] for cell in rows_of("acts.csv")}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "msg":
                found.update(strings(node.args[0]))
    for table in (explain.SENTENCES, explain.EXCEPTIONS):
        found.update(table.values())
    return found | {sentence for pair in explain.CONDITIONS.values() for sentence in pair}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_catalogue_is_complete_and_has_nothing_fuzzy_or_left_over(language: str) -> None:
    path = PACKAGE / "translations" / language / "LC_MESSAGES" / "claims_fr.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    translated = {str(message.id) for message in catalogue if message.id and message.string and not message.fuzzy}
    assert translated == msgids()
