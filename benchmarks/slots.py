"""Bookable starts of two weeks: the engine's bits, against subtracting intervals with datetimes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random  # noqa: TID251  a fixed seed, nothing secret
from zoneinfo import ZoneInfo

from measuring import SEED, Size, Way, asked, compare

from toubib.contracts.common import Period
from toubib.contracts.scheduling import Modality
from toubib_booking.engine.masks import Calendar, paint
from toubib_booking.engine.rules import Limits, Opening, Schedule, Weekly
from toubib_booking.engine.starts import Busy, bookable

PARIS = "Europe/Paris"
# the clocks change in the second week
NOW = datetime(2026, 3, 20, 7, 0, tzinfo=UTC)
WINDOW = Period(NOW, NOW + timedelta(days=14))
LIMITS = Limits(minutes=30, modality=Modality.VIDEO)
STEP = timedelta(minutes=15)


def schedule() -> Schedule:
    """Monday to Friday, mornings and afternoons."""
    halves = [(9 * 60, 12 * 60), (13 * 60 + 30, 18 * 60)]
    openings = [Opening(Weekly(day, start, end), frozenset({Modality.VIDEO}), 15) for day in range(5) for start, end in halves]
    return Schedule(PARIS, tuple(openings))


def bookings(chance: Random) -> list[Period]:
    """About eight visits on each day, at any quarter of an hour."""
    quarters = [NOW + timedelta(days=day, minutes=15 * chance.randrange(44)) for day in range(14) for _ in range(8)]
    return [Period(start, start + timedelta(minutes=30)) for start in sorted(quarters)]


def by_bits(calendar: Calendar, taken: Sequence[Period]) -> list[datetime]:
    """The way of the house."""
    return bookable(calendar, LIMITS, _busy(taken), WINDOW, NOW, limit=5000)


def _busy(taken: Sequence[Period]) -> Busy:
    return lambda base, length: paint(taken, base, length)


def by_intervals(hours: Schedule, taken: Sequence[Period]) -> list[datetime]:
    """The plain way: take visits out of the opening hours, then walk over what is left."""
    zone, found, length = ZoneInfo(PARIS), list[datetime](), timedelta(minutes=LIMITS.minutes)
    for day in (NOW.date() + timedelta(days=n) for n in range(15)):
        for opening in hours.openings:
            if opening.hours.on(day):
                start, end = _wall(day, opening.hours.start, zone), _wall(day, opening.hours.end, zone)
                free = _without(start, end, taken)
                found += [at for at in _steps(start, end) if WINDOW.start <= at < WINDOW.end and any(a <= at and at + length <= b for a, b in free)]
    return sorted(found)


def _wall(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone).astimezone(UTC)


def _without(start: datetime, end: datetime, taken: Sequence[Period]) -> list[tuple[datetime, datetime]]:
    left = [(start, end)]
    for period in taken:
        left = [part for a, b in left for part in ((a, min(b, period.start)), (max(a, period.end), b)) if part[0] < part[1]]
    return left


def _steps(start: datetime, end: datetime) -> list[datetime]:
    return [start + n * STEP for n in range((end - start) // STEP)]


def _of(size: Size, practitioners: int) -> None:
    """Compare for so many practitioners, whose calendars are in memory as they are in a server that runs."""
    chance, hours = Random(SEED), schedule()  # noqa: S311  no secret
    everybody = [(Calendar(hours), bookings(chance)) for _ in range(size.of(practitioners))]
    bits = Way("bits", lambda: [by_bits(calendar, taken) for calendar, taken in everybody])
    intervals = Way("intervals", lambda: [by_intervals(hours, taken) for _, taken in everybody])
    compare(f"slots of {practitioners} for 14 days", size, bits, intervals)


def run(size: Size) -> None:
    """Compare for one and for a thousand practitioners; these less often, a time takes seconds."""
    _of(size, 1)
    _of(Size(min(size.repeats, 5), size.tiny), 1000)


if __name__ == "__main__":
    run(asked(__doc__ or ""))
