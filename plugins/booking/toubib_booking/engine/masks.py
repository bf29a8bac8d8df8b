"""From rules to bits: what is open, where a start may be, what is a break or an absence, for one UTC day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from toubib.contracts.common import Period
from toubib.contracts.scheduling import Modality
from toubib_booking.engine import grid
from toubib_booking.engine.rules import Schedule, Weekly
from toubib_booking.engine.zones import local_date, stretches


@dataclass(frozen=True, slots=True)
class Masks:
    """Sets of ticks from `base` on; bit 0 is tick `base`."""

    base: int
    open: int
    starts: int
    breaks: int
    absent: int


@dataclass(frozen=True, slots=True)
class Span:
    """Ticks `[start, end)`; `anchor` is the tick from which starts are counted."""

    start: int
    end: int
    anchor: int


class Calendar:
    """The masks of one schedule, made when asked for and kept by UTC day. Throw it away to rebuild it."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._days: dict[tuple[Modality, int], Masks] = {}

    def masks(self, modality: Modality, first: int, last: int) -> Masks:
        """The masks that cover ticks `[first, last)`, in whole UTC days."""
        numbers = range(first // grid.PER_DAY, -(-last // grid.PER_DAY))
        days = [self._day(modality, number) for number in numbers]
        return Masks(
            numbers.start * grid.PER_DAY,
            _join(day.open for day in days),
            _join(day.starts for day in days),
            _join(day.breaks for day in days),
            _join(day.absent for day in days),
        )

    def _day(self, modality: Modality, number: int) -> Masks:
        key = (modality, number)
        if key not in self._days:
            self._days[key] = day_masks(self.schedule, modality, number * grid.PER_DAY)
        return self._days[key]


def day_masks(schedule: Schedule, modality: Modality, base: int) -> Masks:
    """The masks of the UTC day that begins at tick `base`."""
    dates = _dates(schedule.zone, base)
    weekly = [(span, opening.every) for opening in schedule.openings if modality in opening.modalities for span in _spans(schedule, opening.hours, dates)]
    extra = [(_span(extra.period), extra.every) for extra in schedule.extras if modality in extra.modalities]
    pause = _paint((span for hours in schedule.breaks for span in _spans(schedule, hours, dates)), base)
    absent = paint(schedule.absences, base, grid.PER_DAY)
    extra_open = _paint((span for span, _ in extra), base)
    is_open = (_paint((span for span, _ in weekly), base) & ~pause | extra_open) & ~absent
    starts = 0
    for span, every in (*weekly, *extra):
        starts |= _comb(span, grid.ticks(every), base)
    return Masks(base, is_open, starts, pause & ~extra_open, absent)


def paint(periods: Iterable[Period], base: int, length: int) -> int:
    """The ticks of `[base, base + length)` that any of the periods touches, however briefly."""
    return _paint(map(_span, periods), base, length)


def _join(days: Iterable[int]) -> int:
    return int.from_bytes(b"".join(day.to_bytes(grid.PER_DAY // 8, "little") for day in days), "little")


def _dates(zone: str, base: int) -> list[date]:
    """The calendar dates of a zone that a UTC day touches."""
    first, last = local_date(zone, base), local_date(zone, base + grid.PER_DAY - 1)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _spans(schedule: Schedule, hours: Weekly, dates: Iterable[date]) -> Iterator[Span]:
    """Where weekly hours lie on these dates: nowhere on public holidays."""
    for day in dates:
        if not hours.on(day) or day in schedule.holidays(day.year):
            continue
        for stretch in stretches(schedule.zone, day):
            anchor = stretch.midnight + hours.start // grid.MINUTES
            start, end = max(stretch.start, anchor), min(stretch.end, stretch.midnight + hours.end // grid.MINUTES)
            if start < end:
                yield Span(start, end, anchor)


def _span(period: Period) -> Span:
    start = grid.floor_tick(period.start)
    return Span(start, grid.ceil_tick(period.end), start)


def _paint(spans: Iterable[Span], base: int, length: int = grid.PER_DAY) -> int:
    bits = 0
    for span in spans:
        start, end = max(span.start, base), min(span.end, base + length)
        if start < end:
            bits |= grid.block(end - start) << (start - base)
    return bits


def _comb(span: Span, every: int, base: int) -> int:
    """The starts of a span within the UTC day at `base`."""
    start, end = max(span.start, base), min(span.end, base + grid.PER_DAY)
    first = span.anchor - (span.anchor - start) // every * every
    return grid.comb(every, -(-(end - first) // every)) << (first - base) if first < end else 0
