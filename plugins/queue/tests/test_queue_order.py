"""Hours and order as pure functions: against plain reckoning, and by properties that must hold for every queue."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toubib_queue import hours, order
from toubib_queue.order import MOST_URGENT, Waiting

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEAD_START = timedelta(minutes=20)
PLACES = st.lists(st.tuples(st.integers(0, 600), st.integers(0, MOST_URGENT)), min_size=1, max_size=30).map(
    lambda rows: [Waiting(f"e{n}", START + timedelta(minutes=minute), priority) for n, (minute, priority) in enumerate(rows)]
)


@given(PLACES)
def test_nobody_starves_and_urgent_ones_go_first(places: list[Waiting]) -> None:
    ranks = {place.encounter_id: rank for rank, place in enumerate(order.in_order(places, HEAD_START))}
    for one in places:
        for other in places:
            later, ahead = other.since - one.since, ranks[one.encounter_id] < ranks[other.encounter_id]
            if later > MOST_URGENT * HEAD_START:
                assert ahead, "whoever has waited longer than the largest head start is never overtaken"
            if one.priority >= other.priority and later > timedelta(0):
                assert ahead, "among equals who came first is first"
            if one.priority > other.priority and later > -HEAD_START:
                assert ahead, "the more urgent one goes first among those who came at about the same time"


@given(PLACES, st.randoms())
def test_the_order_of_two_does_not_depend_on_who_else_waits(places: list[Waiting], chance: st.DataObject) -> None:
    some = [place for place in places if chance.random() < 0.5]  # type: ignore[attr-defined]
    whole = [place for place in order.in_order(places, HEAD_START) if place in some]
    assert order.in_order(some, HEAD_START) == whole


@given(st.integers(0, 50), st.integers(0, 9), st.integers(0, 9), st.integers(5, 60))
def test_the_wait_grows_with_the_queue_and_shrinks_with_help(ahead: int, there: int, busy: int, minutes: int) -> None:
    wait = order.minutes_to_wait(ahead, there, busy, minutes)
    assert 0 <= wait <= order.minutes_to_wait(ahead + 1, there, busy, minutes)
    if there:
        assert order.minutes_to_wait(ahead, there + 1, busy, minutes) <= wait


def test_the_wait_in_plain_cases() -> None:
    assert order.minutes_to_wait(0, 1, 0, 15) == 0
    assert order.minutes_to_wait(0, 1, 1, 15) == 8
    assert order.minutes_to_wait(1, 1, 0, 15) == 15
    assert order.minutes_to_wait(4, 2, 2, 15) == 38


@pytest.mark.parametrize("line", ["mon 8:00-12:00", "monday 08:00-12:00", "mon 08:00-25:00", "mon 08:61-12:00", "mon-funday 08:00-12:00", ""])
def test_hours_that_cannot_be_read_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        hours.parse(line)


def test_hours_over_midnight_and_over_the_week() -> None:
    assert [(s.weekday, s.start, s.end) for s in hours.parse("fri-mon 20:00-06:00")] == [(day, 1200, 1800) for day in (4, 5, 6, 0)]
    night = hours.spans(["daily 20:00-06:00"], "Europe/Paris", datetime(2026, 3, 3, 1, tzinfo=UTC))
    assert (night[0].start, night[0].end) == (datetime(2026, 3, 2, 19, tzinfo=UTC), datetime(2026, 3, 3, 5, tzinfo=UTC))


def test_day_and_night_is_one_span_and_holidays_are_left_out() -> None:
    always = hours.spans(["daily 00:00-24:00"], "Europe/Paris", START)
    assert len(always) == 1
    assert always[0].end > START + timedelta(days=7)
    closed = hours.spans(["daily 08:00-20:00"], "Europe/Paris", START, {date(2026, 3, 2)})
    assert closed[0].start == datetime(2026, 3, 3, 7, tzinfo=UTC)


@pytest.mark.parametrize(("day", "length"), [(date(2026, 3, 29), 7), (date(2026, 10, 25), 9)])
def test_clocks_that_change_change_the_length_of_the_night(day: date, length: int) -> None:
    before = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=4)
    night = hours.spans(["daily 22:00-06:00"], "Europe/Paris", before)
    assert night[0].length == timedelta(hours=length)
