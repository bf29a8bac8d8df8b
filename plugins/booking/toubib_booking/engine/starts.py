"""Which starts are bookable, and which rule a start breaks: two readings of the same masks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from toubib.contracts.common import Period
from toubib_booking.engine import grid
from toubib_booking.engine.masks import Calendar, Masks
from toubib_booking.engine.rules import Limits, Rule

Busy: TypeAlias = Callable[[int, int], int]
"""The taken ticks of `[base, base + length)`; bit 0 is tick `base`."""


def taken_period(limits: Limits, start: datetime) -> Period:
    """The time that a visit takes from others: itself and its buffers."""
    return Period(start - timedelta(minutes=limits.before), start + timedelta(minutes=limits.minutes + limits.after))


def allowed_period(limits: Limits, now: datetime) -> Period:
    """From the soonest to the latest start that notice and horizon leave (the end is just after the latest)."""
    soonest = now + timedelta(minutes=limits.notice)
    return Period(soonest, max(now + timedelta(days=limits.horizon_days), soonest) + timedelta(microseconds=1))


def bookable(calendar: Calendar, limits: Limits, busy: Busy, window: Period, now: datetime, *, limit: int) -> list[datetime]:
    """Every start in `window` that breaks no rule, soonest first, at most `limit`."""
    allowed = allowed_period(limits, now)
    first, end = grid.ceil_tick(max(window.start, allowed.start)), grid.ceil_tick(min(window.end, allowed.end))
    if first >= end:
        return []
    masks = _masks(calendar, limits, first, end)
    bits = _free(masks, limits, busy) >> (first - masks.base) & grid.block(end - first)
    return [grid.instant_of(first + position) for position in grid.positions(bits, limit)]


def broken_rule(calendar: Calendar, limits: Limits, busy: Busy, start: datetime, now: datetime) -> Rule | None:
    """The rule that a start breaks; `None` when it is bookable. Asks for busy times only when all else is well."""
    allowed = allowed_period(limits, now)
    if start < now:
        return Rule.PAST
    if not grid.on_grid(start):
        return Rule.OFF_GRID
    if start < allowed.start:
        return Rule.TOO_SOON
    if start >= allowed.end:
        return Rule.TOO_FAR
    tick = grid.floor_tick(start)
    masks = _masks(calendar, limits, tick, tick + 1)
    bit = 1 << (tick - masks.base)
    if _free(masks, limits, busy) & bit:
        return None
    return _named(masks, limits, bit)


def _named(masks: Masks, limits: Limits, bit: int) -> Rule:
    """Why a start that is not free is not: looked at only to say it."""
    visit = grid.block(grid.ticks(limits.minutes)) * bit
    if visit & masks.absent:
        return Rule.ABSENT
    if visit & ~masks.open:
        return Rule.BREAK if visit & masks.breaks else Rule.CLOSED
    return Rule.TAKEN if masks.starts & bit else Rule.OFF_GRID


def _masks(calendar: Calendar, limits: Limits, first: int, end: int) -> Masks:
    return calendar.masks(limits.modality, first - grid.ticks(limits.before), end + grid.ticks(limits.minutes + limits.after))


def _free(masks: Masks, limits: Limits, busy: Busy) -> int:
    """The one place that decides: starts whose visit is open throughout and whose surroundings nobody has taken."""
    length, before, after = (grid.ticks(minutes) for minutes in (limits.minutes, limits.before, limits.after))
    inside = masks.starts & grid.runs(masks.open, length)
    if not inside:
        return 0
    reach = masks.open.bit_length() + after
    idle = ~busy(masks.base, reach) & grid.block(reach)
    return inside & (grid.runs(idle, before + length + after) << before)
