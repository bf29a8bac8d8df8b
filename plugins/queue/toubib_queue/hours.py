"""Opening hours in words of a few characters, and the spans of time that follow from them. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from toubib.contracts.common import Period

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
AHEAD = 8
"""How many days are looked at: a week and the rest of today."""

_LINE = re.compile(r"^(?P<days>[a-z,-]+) (?P<from>\d\d:\d\d)-(?P<to>\d\d:\d\d)$")


@dataclass(frozen=True, slots=True)
class Span:
    """Open on a weekday (0 is Monday) between two minutes of the wall clock; one that ends past midnight exceeds 1440."""

    weekday: int
    start: int
    end: int


def parse(line: str) -> tuple[Span, ...]:
    """`mon-fri 08:00-22:00`, `sat,sun 09:00-20:00`, `daily 00:00-24:00`, `fri 20:00-06:00`. Raises `ValueError` for anything else."""
    found = _LINE.match(line)
    if found is None:
        raise ValueError(f"opening hours are written as 'mon-fri 08:00-22:00', not {line!r}")
    start, end = _minute(found["from"]), _minute(found["to"])
    return tuple(Span(day, start, end if end > start else end + DAY) for day in _days(found["days"]))


def _minute(text: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if hour > 24 or minute > 59 or hour * 60 + minute > DAY:
        raise ValueError(f"there is no time {text}")
    return hour * 60 + minute


def _days(text: str) -> Iterator[int]:
    if text == "daily":
        yield from range(7)
        return
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"days are written as {', '.join(DAYS)} or daily, not {part!r}")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        yield from (day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))


def spans(lines: Sequence[str], zone: str, now: datetime, closed: Collection[date] = ()) -> list[Period]:
    """The open spans around and after an instant, merged where they touch, soonest first. `closed` are days without hours."""
    week, here = [span for line in lines for span in parse(line)], ZoneInfo(zone)
    today = now.astimezone(here).date()
    days = [today + timedelta(days=n) for n in range(-1, AHEAD + 1)]
    found = sorted(_period(day, span, here) for day in days if day not in closed for span in week if span.weekday == day.weekday())
    merged: list[Period] = []
    for period in found:
        if merged and period.start <= merged[-1].end:
            merged[-1] = Period(merged[-1].start, max(merged[-1].end, period.end))
        else:
            merged.append(period)
    return [period for period in merged if period.end > now]


def _period(day: date, span: Span, here: ZoneInfo) -> Period:
    return Period(_instant(day, span.start, here), _instant(day, span.end, here))


def _instant(day: date, minute: int, here: ZoneInfo) -> datetime:
    """The instant of a wall-clock minute; one that the clocks skip in spring is the hour after."""
    extra, rest = divmod(minute, DAY)
    wall = datetime.combine(day + timedelta(days=extra), time(rest // 60, rest % 60), here)
    return wall.astimezone(UTC)
