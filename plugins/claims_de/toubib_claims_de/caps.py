"""Limits on activity by video: a practice's cases of a quarter, and a doctor's points of a quarter."""

from collections.abc import Iterator
from datetime import date

from toubib.contracts.activity import ActivityCounts, ActivitySubject, Cap, CapStatus, count_cap, share_cap
from toubib.services.dated import DatedValue, DatedValues

CASES = "cap.cases_percent"
POINTS = ("01450", "01451")


def cases_cap(known: DatedValues, row: DatedValue | None, total: int, video_only: int) -> Cap | None:
    """The limit on cases by video only; `None` on a day without a rule."""
    return share_cap(known.why(row), video_only, total, row.value) if row else None


def caps(known: DatedValues, counts: ActivityCounts) -> Iterator[Cap]:
    """Where a practice or a doctor stands at the end of the window; a rule that nobody verified is named, not applied."""
    if counts.subject is ActivitySubject.ORGANISATION:
        yield from _cases(known, counts)
        return
    for code in POINTS:
        yield from _points(known, code, counts.codes.get(code, 0), counts.end)


def _cases(known: DatedValues, counts: ActivityCounts) -> Iterator[Cap]:
    found = cases_cap(known, known.on(CASES, counts.end), counts.cases, counts.cases_remote)
    unsure = known.known(CASES, counts.end)
    if found is not None:
        yield found
    elif unsure is not None:
        yield Cap(known.why(unsure), counts.cases_remote, 0, CapStatus.UNKNOWN, counts.cases)


def _points(known: DatedValues, code: str, acts: int, day: date) -> Iterator[Cap]:
    limit, worth = known.on(f"cap.points_{code}", day), known.on(f"points.{code}", day)
    if limit and worth:
        yield count_cap(known.why(limit), acts * worth.value, limit.value)
