"""Ticks of five minutes since 1970 in UTC, and sets of ticks as bits of one integer."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

MINUTES = 5
LENGTH = timedelta(minutes=MINUTES)
PER_DAY = 24 * 60 // MINUTES
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def floor_tick(instant: datetime) -> int:
    """The tick that contains an aware instant."""
    return (instant - EPOCH) // LENGTH


def ceil_tick(instant: datetime) -> int:
    """The first tick that begins at or after an aware instant."""
    return -((EPOCH - instant) // LENGTH)


def instant_of(tick: int) -> datetime:
    """The UTC instant at which a tick begins."""
    return EPOCH + tick * LENGTH


def on_grid(instant: datetime) -> bool:
    """Whether an instant is the beginning of a tick."""
    return not (instant - EPOCH) % LENGTH


def ticks(minutes: int) -> int:
    """How many ticks it takes to hold a number of minutes."""
    return -(-minutes // MINUTES)


def block(count: int) -> int:
    """`count` ticks in a row, from bit 0; nothing when it is not positive."""
    return (1 << count) - 1 if count > 0 else 0


@lru_cache(maxsize=4096)
def comb(every: int, count: int) -> int:
    """`count` single ticks, one each `every` ticks, from bit 0; nothing when `count` is not positive."""
    return block(every * count) // block(every) if count > 0 else 0


def runs(bits: int, length: int) -> int:
    """The ticks from which on `length` ticks in a row are set."""
    done = 1
    while done < length:
        step = min(done, length - done)
        bits &= bits >> step
        done += step
    return bits


def positions(bits: int, limit: int) -> Iterator[int]:
    """At most `limit` set ticks, lowest first."""
    while bits and limit > 0:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
        limit -= 1
