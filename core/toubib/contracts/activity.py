"""Limits that a scheme sets on the activity of a practitioner or a practice: what is counted, and how near the limit it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from toubib.contracts.counters import CounterWindow
from toubib.contracts.reasons import Why

NEAR_PERCENT = 80
"""From this part of a limit on, it is said to be near."""


class ActivitySubject(StrEnum):
    """Whose activity is limited."""

    PRACTITIONER = "practitioner"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class CapRule:
    """Whose activity a pack limits, and over how long (a calendar year or a quarter)."""

    subject: ActivitySubject
    window: CounterWindow


@dataclass(frozen=True, slots=True)
class ActivityCounts:
    """What was done for the insured of one pack from `start` to `end`, both days included.

    `cases` are patients seen, `cases_remote` those seen at a distance only; `codes` counts the acts by code. `complete` is false:
    an installation knows its own activity only.
    """

    subject: ActivitySubject
    start: date
    end: date
    acts: int
    acts_remote: int
    cases: int
    cases_remote: int
    codes: Mapping[str, int] = field(default_factory=dict)
    specialty: str = ""
    complete: bool = False


class CapStatus(StrEnum):
    """How a count stands to its limit: below, from four fifths of it to the limit itself, above, or no rule known for that day."""

    OK = "ok"
    NEAR = "near"
    EXCEEDED = "exceeded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cap:
    """One limit and where it stands. `of` is what a share is taken of, with its `percent`; both are empty for an absolute limit."""

    why: Why
    count: int
    limit: int
    status: CapStatus
    of: int | None = None
    percent: int | None = None


def share_cap(why: Why, count: int, of: int, percent: int) -> Cap:
    """A limit on a share, compared without rounding: `count` of `of` may be `percent` percent."""
    return Cap(why, count, of * percent // 100, _status(count * 100, of * percent), of, percent)


def count_cap(why: Why, count: int, limit: int) -> Cap:
    """A limit on a count."""
    return Cap(why, count, limit, _status(count, limit))


def _status(count: int, limit: int) -> CapStatus:
    if count > limit:
        return CapStatus.EXCEEDED
    return CapStatus.NEAR if count and count * 100 >= limit * NEAR_PERCENT else CapStatus.OK
