"""The bitmap engine against a naive reference, over the nights when the clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toubib.contracts.common import Period
from toubib.contracts.scheduling import Modality
from toubib_booking.engine import grid
from toubib_booking.engine.masks import Calendar, paint
from toubib_booking.engine.rules import Extra, Limits, Opening, Rule, Schedule, Weekly
from toubib_booking.engine.starts import Busy, bookable, broken_rule, taken_period

FIVE = timedelta(minutes=5)
NIGHTS = {
    "Europe/Paris": [date(2026, 3, 29), date(2026, 10, 25)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],
    "America/Santiago": [date(2026, 4, 5), date(2026, 9, 6)],
    "Asia/Kathmandu": [date(2026, 6, 10)],
    "Pacific/Kiritimati": [date(2026, 12, 31)],
    "UTC": [date(2028, 2, 29)],
}


# --- the reference: datetimes, loops, and no cleverness -------------------------------------------------


def _inside(hours: Weekly, local: datetime, schedule: Schedule) -> bool:
    today = local.date()
    within = hours.start <= local.hour * 60 + local.minute < hours.end
    return within and hours.on(today) and today not in schedule.holidays(today.year)


def _open_at(schedule: Schedule, modality: Modality, instant: datetime) -> bool:
    local = instant.astimezone(ZoneInfo(schedule.zone))
    if any(away.start < instant + FIVE and instant < away.end for away in schedule.absences):
        return False
    if any(modality in extra.modalities and extra.period.start <= instant < extra.period.end for extra in schedule.extras):
        return True
    if any(_inside(pause, local, schedule) for pause in schedule.breaks):
        return False
    return any(modality in opening.modalities and _inside(opening.hours, local, schedule) for opening in schedule.openings)


def _may_start_at(schedule: Schedule, modality: Modality, instant: datetime) -> bool:
    local = instant.astimezone(ZoneInfo(schedule.zone))
    minute = local.hour * 60 + local.minute
    for extra in schedule.extras:
        inside = modality in extra.modalities and extra.period.start <= instant < extra.period.end
        if inside and not (instant - extra.period.start) % timedelta(minutes=extra.every):
            return True
    return any(
        modality in opening.modalities and _inside(opening.hours, local, schedule) and (minute - opening.hours.start) % opening.every == 0
        for opening in schedule.openings
    )


def naive(schedule: Schedule, limits: Limits, busy: list[Period], start: datetime, now: datetime) -> bool:
    """Whether a start is bookable, the slow way."""
    if start < now + timedelta(minutes=limits.notice) or start > now + timedelta(days=limits.horizon_days):
        return False
    if start.second or start.microsecond or start.minute % 5 or not _may_start_at(schedule, limits.modality, start):
        return False
    if not all(_open_at(schedule, limits.modality, start + n * FIVE) for n in range(limits.minutes // 5)):
        return False
    reach = Period(start - timedelta(minutes=limits.before), start + timedelta(minutes=limits.minutes + limits.after))
    return not any(reach.overlaps(other) for other in busy)


def painted(periods: list[Period]) -> Busy:
    """Busy times as the engine asks for them."""
    return lambda base, length: paint(periods, base, length)


# --- what is generated ----------------------------------------------------------------------------------

fives = st.integers(0, 288).map(lambda n: n * 5)
modalities = st.frozensets(st.sampled_from([Modality.VIDEO, Modality.IN_PERSON]), min_size=1)
every = st.sampled_from([5, 10, 15, 20, 25, 30, 45, 60])


@st.composite
def weekly(draw: st.DrawFn, around: date) -> Weekly:
    start, end = sorted(draw(st.lists(fives, min_size=2, max_size=2, unique=True)))
    weekday = (around.weekday() + draw(st.sampled_from([-1, 0, 0, 0, 1]))) % 7
    return Weekly(weekday, start, end, draw(st.sampled_from([None, around])), draw(st.sampled_from([None, around])))


@st.composite
def periods(draw: st.DrawFn, noon: datetime, step: timedelta) -> Period:
    start = noon + step * draw(st.integers(-timedelta(days=2) // step, timedelta(days=2) // step))
    return Period(start, start + step * draw(st.integers(1, timedelta(hours=9) // step)))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Schedule, Limits, list[Period], datetime, datetime]:
    zone = draw(st.sampled_from(sorted(NIGHTS)))
    around = draw(st.sampled_from(NIGHTS[zone]))
    noon = datetime(around.year, around.month, around.day, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    holidays = {around} if draw(st.integers(0, 4)) == 0 else set[date]()
    schedule = Schedule(
        zone,
        tuple(draw(st.lists(st.builds(Opening, weekly(around), modalities, every), max_size=4))),
        tuple(draw(st.lists(weekly(around), max_size=1))),
        tuple(draw(st.lists(st.builds(Extra, periods(noon, FIVE), modalities, every), max_size=1))),
        tuple(draw(st.lists(periods(noon, timedelta(seconds=37)), max_size=1))),
        lambda _year: holidays,
    )
    limits = draw(st.builds(
        Limits,
        minutes=st.integers(1, 18).map(lambda n: n * 5),
        modality=st.sampled_from(Modality),
        before=st.sampled_from([0, 0, 5, 10]),
        after=st.sampled_from([0, 0, 5, 15]),
        notice=st.sampled_from([0, 7, 120, 1440]),
        horizon_days=st.integers(1, 5),
    ))  # fmt: skip
    busy = draw(st.lists(periods(noon, timedelta(seconds=101)), max_size=3))
    now = noon - timedelta(hours=30) + draw(st.integers(0, 40 * 3600)) * timedelta(seconds=1)
    return schedule, limits, busy, noon, now


# --- the properties -------------------------------------------------------------------------------------


@pytest.mark.feature("BOOK-06:a", "BOOK-06:b", "BOOK-19:a", "BOOK-19:b")
@settings(max_examples=120, deadline=None)
@given(cases())
def test_offered_is_bookable_is_what_the_slow_reference_says(case: tuple[Schedule, Limits, list[Period], datetime, datetime]) -> None:
    schedule, limits, busy, noon, now = case
    calendar = Calendar(schedule)
    window = Period(noon - timedelta(hours=40), noon + timedelta(hours=40))
    candidates = [window.start + n * FIVE for n in range(window.length // FIVE)]
    expected = [start for start in candidates if naive(schedule, limits, busy, start, now)]
    assert bookable(calendar, limits, painted(busy), window, now, limit=10_000) == expected
    assert [start for start in candidates if broken_rule(calendar, limits, painted(busy), start, now) is None] == expected


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(-2000, 2000))
def test_a_start_between_ticks_is_never_bookable(case: tuple[Schedule, Limits, list[Period], datetime, datetime], seconds: int) -> None:
    schedule, limits, busy, noon, now = case
    start = noon + timedelta(seconds=seconds * 60 + 1)
    assert broken_rule(Calendar(schedule), limits, painted(busy), start, now) in {Rule.PAST, Rule.OFF_GRID}


@given(st.integers(0, 2**90 - 1), st.integers(1, 20))
def test_runs_are_ticks_in_a_row(bits: int, length: int) -> None:
    found = grid.runs(bits, length)
    assert [n for n in range(95) if (found >> n) & 1] == [n for n in range(95) if all((bits >> (n + k)) & 1 for k in range(length))]


# --- the nights, in words -------------------------------------------------------------------------------

NIGHT_DUTY = Opening(Weekly(6, 0, 6 * 60), frozenset({Modality.VIDEO}), 30)


def _night(day: date) -> list[str]:
    zone = ZoneInfo("Europe/Paris")
    calendar = Calendar(Schedule("Europe/Paris", (NIGHT_DUTY,)))
    window = Period(datetime(day.year, day.month, day.day, tzinfo=zone), datetime(day.year, day.month, day.day, 12, tzinfo=zone))
    starts = bookable(calendar, Limits(30, Modality.VIDEO), painted([]), window, window.start.astimezone(UTC), limit=100)
    assert all(later - sooner == timedelta(minutes=30) for sooner, later in pairwise(starts))
    return [start.astimezone(zone).strftime("%H:%M%z") for start in starts]


@pytest.mark.feature("BOOK-19:a")
def test_the_hour_that_is_skipped_is_not_offered() -> None:
    starts = _night(date(2026, 3, 29))
    assert starts[:6] == ["00:00+0100", "00:30+0100", "01:00+0100", "01:30+0100", "03:00+0200", "03:30+0200"]
    assert len(starts) == 10


@pytest.mark.feature("BOOK-19:b")
def test_the_hour_that_comes_twice_is_offered_twice() -> None:
    starts = _night(date(2026, 10, 25))
    assert starts[4:8] == ["02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100"]
    assert len(starts) == 14


# --- the name of what is wrong --------------------------------------------------------------------------

MONDAY = date(2026, 1, 12)
NOW = datetime(2026, 1, 12, 7, tzinfo=UTC)
ALL = frozenset(Modality)
OFFICE = Schedule(
    "Europe/Paris",
    openings=(Opening(Weekly(0, 9 * 60, 18 * 60), ALL, 20),),
    breaks=(Weekly(0, 12 * 60, 13 * 60),),
    absences=(Period(datetime(2026, 1, 19, 6, tzinfo=UTC), datetime(2026, 1, 19, 20, tzinfo=UTC)),),
    holidays=lambda _year: {date(2026, 1, 26)},
)
VISIT = Limits(20, Modality.VIDEO, before=5, after=5, notice=120, horizon_days=21)
BUSY = [taken_period(VISIT, datetime(2026, 1, 12, 15, tzinfo=UTC))]


@pytest.mark.feature("BOOK-05:a", "BOOK-05:b", "BOOK-05:c", "BOOK-05:d", "BOOK-05:e", "BOOK-05:f", "BOOK-14:a", "BOOK-14:b", "BOOK-14:c")
@pytest.mark.parametrize(("start", "rule"), [
    ("2026-01-12T10:00", None),
    ("2026-01-12T07:40", Rule.PAST),
    ("2026-01-12T09:00", Rule.TOO_SOON),
    ("2026-01-12T10:10", Rule.OFF_GRID),
    ("2026-01-12T10:20:01", Rule.OFF_GRID),
    ("2026-01-12T12:20", Rule.BREAK),
    ("2026-01-12T17:40", None),
    ("2026-01-12T18:00", Rule.CLOSED),
    ("2026-01-13T10:00", Rule.CLOSED),
    ("2026-01-19T10:00", Rule.ABSENT),
    ("2026-01-26T10:00", Rule.CLOSED),
    ("2026-02-02T08:40", Rule.TOO_FAR),
    ("2026-02-09T10:00", Rule.TOO_FAR),
    ("9999-12-31T23:55", Rule.TOO_FAR),
    ("2026-01-12T16:00", Rule.TAKEN),
    ("2026-01-12T15:40", Rule.TAKEN),
    ("2026-01-12T16:20", Rule.TAKEN),
    ("2026-01-12T15:20", None),
    ("2026-01-12T16:40", None),
])  # fmt: skip
def test_a_refusal_names_the_rule(start: str, rule: Rule | None) -> None:
    local = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
    assert broken_rule(Calendar(OFFICE), VISIT, painted(BUSY), local, NOW) is rule


def test_an_extra_opening_stands_above_breaks_and_holidays() -> None:
    extra = Extra(Period(datetime(2026, 1, 26, 11, tzinfo=UTC), datetime(2026, 1, 26, 13, tzinfo=UTC)), frozenset({Modality.VIDEO}), 30)
    schedule = Schedule("Europe/Paris", OFFICE.openings, OFFICE.breaks, (extra,), (), OFFICE.holidays)
    window = Period(datetime(2026, 1, 26, tzinfo=UTC), datetime(2026, 1, 27, tzinfo=UTC))
    starts = bookable(Calendar(schedule), VISIT, painted([]), window, NOW, limit=100)
    assert [start.hour * 60 + start.minute for start in starts] == [660, 690, 720, 750]


def test_hours_run_over_midnight() -> None:
    schedule = Schedule("Europe/Paris", (Opening(Weekly(0, 22 * 60, 24 * 60), ALL, 30), Opening(Weekly(1, 0, 60), ALL, 30)))
    window = Period(datetime(2026, 1, 12, tzinfo=UTC), datetime(2026, 1, 14, tzinfo=UTC))
    starts = bookable(Calendar(schedule), Limits(45, Modality.VIDEO), painted([]), window, NOW, limit=100)
    assert [start.hour * 60 + start.minute for start in starts] == [21 * 60, 21 * 60 + 30, 22 * 60, 22 * 60 + 30, 23 * 60]
