"""Wall clocks: which ticks belong to a calendar date somewhere, and what the clock on the wall says then."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from toubib_booking.engine import grid

_HOUR = 60 // grid.MINUTES
_FARTHEST = 15 * _HOUR
"""No place is farther than fifteen hours from UTC."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Ticks `[start, end)` of one calendar date during which the wall clock runs evenly.

    `midnight` is the tick at which that clock would have shown 00:00, so wall minute `m` is tick
    `midnight + m / 5`. An ordinary date is one stretch; a night of daylight saving makes two, with different
    `midnight`: an hour that is skipped is in neither, an hour that comes twice is in both.
    """

    start: int
    end: int
    midnight: int


@lru_cache(maxsize=8192)
def stretches(zone: str, day: date) -> tuple[Stretch, ...]:
    """The stretches of a calendar date in an IANA zone, in order; none for a date that the zone skipped."""
    utc_midnight = (day - date(1970, 1, 1)).days * grid.PER_DAY
    first, last = utc_midnight - _FARTHEST, utc_midnight + grid.PER_DAY + _FARTHEST
    found = []
    for start, end, offset in _even(ZoneInfo(zone), first, last):
        midnight = utc_midnight - offset
        lo, hi = max(start, midnight), min(end, midnight + grid.PER_DAY)
        if lo < hi:
            found.append(Stretch(lo, hi, midnight))
    return tuple(found)


def local_date(zone: str, tick: int) -> date:
    """The calendar date in an IANA zone when a tick begins."""
    return grid.instant_of(tick).astimezone(ZoneInfo(zone)).date()


def _even(zone: ZoneInfo, first: int, last: int) -> list[tuple[int, int, int]]:
    """`(start, end, offset)` of the parts of `[first, last)` with one offset from UTC each, all in ticks."""
    parts = []
    start, offset = first, _offset(zone, first)
    for hour in range(first, last, _HOUR):
        if _offset(zone, hour + _HOUR) != offset:
            change = next(tick for tick in range(hour, hour + _HOUR + 1) if _offset(zone, tick) != offset)
            parts.append((start, change, offset))
            start, offset = change, _offset(zone, change)
    parts.append((start, last, offset))
    return parts


def _offset(zone: ZoneInfo, tick: int) -> int:
    local: datetime = grid.instant_of(tick).astimezone(zone)
    return (local.utcoffset() or timedelta()) // grid.LENGTH
