"""What decides when one may book: weekly hours, exceptions, and the limits of a visit reason."""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from toubib.contracts.common import Period
from toubib.contracts.scheduling import Modality

Holidays: TypeAlias = Callable[[int], Container[date]]
"""The public holidays of a year."""


class Rule(StrEnum):
    """The rules that a start can break, in the order in which they are looked at."""

    PAST = "past"
    OFF_GRID = "off_grid"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    ABSENT = "absent"
    BREAK = "break"
    CLOSED = "closed"
    TAKEN = "taken"


def no_holidays(_year: int) -> Container[date]:
    """The calendar of somebody who works on public holidays."""
    return ()


@dataclass(frozen=True, slots=True)
class Weekly:
    """Minutes `[start, end)` of the wall clock on one weekday (0 is Monday), between two dates, both included.

    All minutes are multiples of five. An opening over midnight is two of these, the second from minute 0.
    """

    weekday: int
    start: int
    end: int
    valid_from: date | None = None
    valid_to: date | None = None

    def on(self, day: date) -> bool:
        """Whether this applies to a calendar date."""
        if day.weekday() != self.weekday:
            return False
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Opening:
    """Weekly hours with what may happen in them; starts are every `every` minutes from the opening's own start."""

    hours: Weekly
    modalities: frozenset[Modality]
    every: int


@dataclass(frozen=True, slots=True)
class Extra:
    """One more opening, once; it stands above breaks and public holidays, below absences."""

    period: Period
    modalities: frozenset[Modality]
    every: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """The hours of one practitioner in one practice. `zone` is the IANA zone of the wall clock they mean."""

    zone: str
    openings: tuple[Opening, ...] = ()
    breaks: tuple[Weekly, ...] = ()
    extras: tuple[Extra, ...] = ()
    absences: tuple[Period, ...] = ()
    holidays: Holidays = field(default=no_holidays)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a visit reason asks of a start. Minutes are multiples of five, except `notice`.

    `before` and `after` keep time free around the visit; they may lie outside the opening hours.
    """

    minutes: int
    modality: Modality
    before: int = 0
    after: int = 0
    notice: int = 0
    horizon_days: int = 60
