"""Prescription rules: what blocks, what warns, what is printed."""

from dataclasses import replace
from datetime import date

import pytest

from toubib.contracts.country import PrescriptionContext
from toubib.contracts.prescription import MedicationLine
from toubib_country_fr.prescription import rules

VIDEO = PrescriptionContext(date(2026, 11, 21), "video", oral_contact=True)
LINE = MedicationLine("Paracétamol 1 g", "1 comprimé", "matin et soir", duration_days=5, code="60002283", system="CIS")


def keys(context: PrescriptionContext, line: MedicationLine) -> list[str]:
    return [message.key for message in rules(context, [line]).blocks]


def test_a_whole_line_passes() -> None:
    found = rules(VIDEO, [LINE])
    assert found.blocks == ()
    assert found.warnings == ()
    assert found.valid_until == date(2027, 2, 21)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (replace(LINE, dose=" "), "write the dose"),
        (replace(LINE, text=""), "name the drug"),
        (replace(LINE, duration_days=None), "the duration or the number of units"),
        (replace(LINE, duration_days=0), "at least one day"),
        (replace(LINE, duration_days=366), "the law allows"),
        (replace(LINE, duration_days=90, repeats=4), "the law allows"),
        (replace(LINE, duration_days=29, classes=frozenset({"narcotic"})), "the law allows"),
        (replace(LINE, repeats=1, classes=frozenset({"narcotic"})), "never renewable"),
        (replace(LINE, duration_days=29, classes=frozenset({"hypnotic"})), "the law allows"),
        (replace(LINE, duration_days=85, classes=frozenset({"anxiolytic"})), "the law allows"),
        (replace(LINE, duration_days=29, classes=frozenset({"max_4_weeks"})), "the law allows"),
        (replace(LINE, duration_days=11, classes=frozenset({"max_10_days", "max_12_weeks"})), "the law allows"),
    ],
)
def test_what_the_law_does_not_allow_is_blocked(line: MedicationLine, words: str) -> None:
    assert any(words in key for key in keys(VIDEO, line))


def test_units_stand_in_for_a_duration() -> None:
    assert keys(VIDEO, replace(LINE, duration_days=None, quantity="2 boîtes")) == []


def test_a_year_with_renewals_is_allowed() -> None:
    assert keys(VIDEO, replace(LINE, duration_days=30, repeats=11)) == []


def test_tramadol_has_its_limit_since_march_2025() -> None:
    line = replace(LINE, duration_days=90, classes=frozenset({"tramadol_codeine"}))
    assert keys(VIDEO, line)
    assert keys(replace(VIDEO, on=date(2025, 2, 28)), line) == []


def test_nothing_is_prescribed_at_a_distance_without_speaking() -> None:
    silent = replace(VIDEO, modality="text", oral_contact=False)
    assert any("You have not spoken" in key for key in keys(silent, LINE))
    assert keys(replace(silent, modality="in_person"), LINE) == []


def test_mentions_name_the_distance_the_long_term_condition_and_what_may_not_be_substituted() -> None:
    line = replace(LINE, not_substitutable="MTE", long_term_condition=True)
    said = [message.key for message in rules(VIDEO, [line]).mentions]
    assert sum("remote consultation" in key for key in said) == 1
    assert any("long-term condition" in key for key in said)
    assert any("not substitutable" in key for key in said)
    assert any("not the national e-prescription" in key for key in said)


def test_free_text_and_hospital_drugs_are_warned_of() -> None:
    found = rules(VIDEO, [replace(LINE, code=""), replace(LINE, classes=frozenset({"hospital_only", "monitored"}))])
    assert [message.params["line"] for message in found.warnings] == [1, 2, 2]


def test_three_months_from_the_end_of_november() -> None:
    days = [date(2026, 11, 30), date(2026, 10, 1), date(2026, 9, 15)]
    assert [rules(replace(VIDEO, on=day), [LINE]).valid_until for day in days] == [date(2027, 2, 28), date(2027, 1, 1), date(2026, 12, 15)]
