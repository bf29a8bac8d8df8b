"""Counts that reimbursement rules depend on, by window: read for a quote, moved at settle under a lock of the patient."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlmodel import select

from toubib.contracts.counters import Counter as CounterFact
from toubib.contracts.counters import CounterRule, CounterWindow
from toubib.db import session
from toubib.db.tables.claims import Counter

FROM_FIRST = "/P12M"
"""What follows the first day in the name of a window of twelve months (ISO 8601)."""


def read(person_id: str | None, rules: Iterable[CounterRule], day: date) -> dict[str, CounterFact]:
    """What this installation counted for care on `day`. It cannot know what happened elsewhere, so no count is complete."""
    found = {}
    for rule in rules:
        row = _row(person_id or "", rule, day)
        if row is not None:
            found[rule.key] = CounterFact(rule.key, row.value, complete=False, since=first_day(row.window))
    return found


def consume(organisation_id: str, person_id: str, rule: CounterRule, day: date, delta: int) -> None:
    """Move a count by what a settled visit on `day` used. Only at settle, with the patient's row locked."""
    row = _row(person_id, rule, day)
    if row is None:
        row = _begun_by_a_later_visit(person_id, rule, day) or Counter(organisation_id=organisation_id, person_id=person_id, key=rule.key, window="")
        row.window = name_of(rule.window, day)
        session().add(row)
    row.value += delta
    session().flush()


def name_of(window: CounterWindow, day: date) -> str:
    """The name under which a window that holds `day` (or begins on it) is kept."""
    names = {
        CounterWindow.CALENDAR_YEAR: str(day.year),
        CounterWindow.QUARTER: f"{day.year}Q{(day.month + 2) // 3}",
        CounterWindow.TWELVE_MONTHS_FROM_FIRST: f"{day.isoformat()}{FROM_FIRST}",
    }
    return names[window]


def first_day(name: str) -> date:
    """The first day of a window by its name."""
    if name.endswith(FROM_FIRST):
        return date.fromisoformat(name.removesuffix(FROM_FIRST))
    year, _, quarter = name.partition("Q")
    return date(int(year), 3 * int(quarter or 1) - 2, 1)


def a_year_after(day: date) -> date:
    """The anniversary of a day; 29 February's is 1 March."""
    leap = (day.month, day.day) == (2, 29)
    return date(day.year + 1, 3, 1) if leap else day.replace(year=day.year + 1)


def _row(person_id: str, rule: CounterRule, day: date) -> Counter | None:
    if rule.window is not CounterWindow.TWELVE_MONTHS_FROM_FIRST:
        return next((row for row in _rows(person_id, rule) if row.window == name_of(rule.window, day)), None)
    return next((row for row in _rows(person_id, rule) if first_day(row.window) <= day < a_year_after(first_day(row.window))), None)


def _begun_by_a_later_visit(person_id: str, rule: CounterRule, day: date) -> Counter | None:
    """The window of a visit that came later and was settled first: it begins with the earlier visit instead."""
    if rule.window is not CounterWindow.TWELVE_MONTHS_FROM_FIRST:
        return None
    return next((row for row in _rows(person_id, rule) if day < first_day(row.window) < a_year_after(day)), None)


def _rows(person_id: str, rule: CounterRule) -> Sequence[Counter]:
    """The windows of a count, the newest first."""
    rows = session().exec(select(Counter).where(Counter.person_id == person_id, Counter.key == rule.key)).all()
    return sorted((row for row in rows if row.window.endswith(FROM_FIRST) == _from_first(rule)), key=lambda row: row.window, reverse=True)


def _from_first(rule: CounterRule) -> bool:
    return rule.window is CounterWindow.TWELVE_MONTHS_FROM_FIRST
