"""Counters: what a scheme counts, over how long, and the count of one patient that its rules depend on."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class CounterWindow(StrEnum):
    """How long a count runs before it begins again, by the calendar of the practice.

    `TWELVE_MONTHS_FROM_FIRST` begins on the day of the first visit that is counted and ends the day before its anniversary.
    """

    CALENDAR_YEAR = "calendar_year"
    QUARTER = "quarter"
    TWELVE_MONTHS_FROM_FIRST = "twelve_months_from_first"


@dataclass(frozen=True, slots=True)
class CounterRule:
    """A count that a pack keeps on a patient, `PACK.key`, and how long it runs."""

    key: str
    window: CounterWindow


@dataclass(frozen=True, slots=True)
class Counter:
    """A count the rules depend on, e.g. flat contributions this year. `complete` says if we know of all.

    `since` is the first day of the window that the care falls into. It moves at settle only, under a lock of the patient.
    """

    key: str
    value: int
    complete: bool
    since: date | None = None
