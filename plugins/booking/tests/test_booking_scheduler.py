"""Offers, holds and moves on a real database: what is offered is what can be held, over the nights when clocks change."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toubib.contracts.common import Money, Period, Refused
from toubib.contracts.scheduling import Hold, Modality, OfferQuery, Scheduler
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import agenda
from toubib.testing.conformance.scheduling import undone
from toubib.testing.practices import Practice, practice
from toubib_booking import editing
from toubib_booking.editing import Hours, ServiceDraft
from toubib_booking.seed import Week, consultation, seed

FIVE = timedelta(minutes=5)
PRICE = Money(2500, "EUR")
names = count()


@pytest.fixture
def scheduler(installation: Callable[..., Toubib], now: FixedClock) -> Scheduler:
    assert now.now().tzinfo is UTC
    return installation("booking", use={"scheduler": "booking"}).scheduler


def _practice(zone: str = "Europe/Paris") -> Practice:
    made = practice(f"p{next(names)}", zone=zone)
    editing.open_schedule(made.role_id)
    return made


def _starts(scheduler: Scheduler, service: str, window: Period) -> list[datetime]:
    with database().reading():
        return [offer.period.start for offer in scheduler.offers(OfferQuery(service, window, 5000))]


def _can_hold(scheduler: Scheduler, service: str, start: datetime) -> bool:
    with undone():
        return isinstance(scheduler.hold(service, start, clock.now() + timedelta(minutes=10)), Hold)
    raise AssertionError


def _week(days: int) -> Period:
    return Period(clock.now(), clock.now() + timedelta(days=days))


NIGHTS = [("Europe/Paris", "2026-03-29"), ("Europe/Paris", "2026-10-25"), ("America/New_York", "2026-11-01"), ("Australia/Lord_Howe", "2026-10-04")]
hours = st.tuples(st.integers(0, 140), st.integers(1, 147)).map(lambda pair: (pair[0] * 5, pair[1] * 5 + pair[0] * 5))


@pytest.mark.feature("BOOK-06:a", "BOOK-06:b", "BOOK-14:a", "BOOK-14:b", "BOOK-14:c")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    night=st.sampled_from(NIGHTS),
    openings=st.lists(st.tuples(hours, st.sampled_from([5, 15, 20, 45])), min_size=1, max_size=3),
    draft=st.builds(
        ServiceDraft,
        name=st.just({"en": "Visit"}),
        minutes=st.integers(1, 12).map(lambda n: n * 5),
        modality=st.just(Modality.VIDEO),
        price=st.just(PRICE),
        buffer_before=st.sampled_from([0, 10]),
        buffer_after=st.sampled_from([0, 5]),
        notice_minutes=st.sampled_from([0, 95]),
        horizon_days=st.sampled_from([1, 30]),
    ),
    others=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 12), st.sampled_from([None, -1, 90])), max_size=4),
    from_hour=st.integers(0, 24),
)
def test_whatever_is_offered_can_be_held_and_nothing_else(
    scheduler: Scheduler,
    now: FixedClock,
    night: tuple[str, str],
    openings: list[tuple[tuple[int, int], int]],
    draft: ServiceDraft,
    others: list[tuple[int, int, int | None]],
    from_hour: int,
) -> None:
    zone, day = night
    eve = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=14, minutes=2)
    now.advance(eve - now.now())
    weekday = date.fromisoformat(day).weekday()
    with database().unit_of_work():
        made = _practice(zone)
        for number, ((start, end), every) in enumerate(openings):
            editing.add_opening(made.role_id, Hours((weekday - number % 2) % 7, start, min(end, 1440)), [Modality.VIDEO], every)
        service = editing.save_service(made.role_id, draft).id
        for offset, length, until in others:
            begin = eve + timedelta(minutes=offset * 11)
            expiry = None if until is None else eve + timedelta(minutes=until)
            agenda.occupy(made.practitioner_id, made.organisation_id, Period(begin, begin + timedelta(minutes=length * 7)), until=expiry)
    window = Period(eve + timedelta(hours=from_hour, minutes=2), eve + timedelta(hours=from_hour + 10, minutes=2))
    offered = _starts(scheduler, service, window)
    candidates = [window.start + n * FIVE for n in range(window.length // FIVE)]
    assert [start for start in candidates if _can_hold(scheduler, service, start)] == offered
    following = _starts(scheduler, service, Period(window.start, window.start + timedelta(days=40)))
    with database().reading():
        assert scheduler.earliest([service], window.start) == ({service: following[0]} if following else {})


@pytest.mark.feature("BOOK-04:a", "BOOK-04:b")
def test_a_hold_expires_and_the_time_is_offered_again(scheduler: Scheduler, now: FixedClock) -> None:
    with database().unit_of_work():
        service = seed(practice().role_id, services=[consultation(PRICE)])[0]
    start = _starts(scheduler, service, _week(7))[4]
    with database().unit_of_work():
        held = scheduler.hold(service, start, clock.now() + timedelta(minutes=10))
    assert isinstance(held, Hold)
    now.advance(timedelta(minutes=9, seconds=59))
    assert start not in _starts(scheduler, service, _week(7))
    now.advance(timedelta(seconds=1))
    assert start in _starts(scheduler, service, _week(7))
    with database().unit_of_work():
        assert not agenda.take(held.occupancy_id)
        assert isinstance(scheduler.hold(service, start, clock.now() + timedelta(minutes=10)), Hold)


@pytest.mark.feature("BOOK-21:a")
def test_in_person_and_video_exclude_each_other(scheduler: Scheduler) -> None:
    with database().unit_of_work():
        video, room = seed(practice().role_id, services=[consultation(PRICE), consultation(PRICE, minutes=40, modality=Modality.IN_PERSON)])
    start = _starts(scheduler, video, _week(7))[3]
    with database().unit_of_work():
        assert isinstance(scheduler.hold(video, start, clock.now() + timedelta(hours=1)), Hold)
    around = [start - timedelta(minutes=20), start]
    assert not set(around) & set(_starts(scheduler, room, _week(7)))
    with undone():
        refused = scheduler.hold(room, around[0], clock.now() + timedelta(hours=1))
        assert isinstance(refused, Refused)
        assert refused.rule == "taken"


def test_a_practitioner_has_one_time_in_all_their_roles(scheduler: Scheduler) -> None:
    from toubib.db import session
    from toubib.db.tables.directory import PractitionerRole

    with database().unit_of_work():
        here = practice("here", zone="Europe/Paris")
        there = practice("there", zone="Indian/Reunion")
        role = session().get_one(PractitionerRole, there.role_id)
        role.practitioner_id = here.practitioner_id
        session().flush()
        week = Week(range(7), 0, 24 * 60, pause=None, every=30)
        first, second = (seed(made.role_id, week=week, services=[consultation(PRICE, minutes=30)])[0] for made in (here, there))
    start = _starts(scheduler, first, _week(2))[5]
    assert start in _starts(scheduler, second, _week(2))
    with database().unit_of_work():
        assert isinstance(scheduler.hold(first, start, clock.now() + timedelta(hours=1)), Hold)
    assert start not in _starts(scheduler, second, _week(2))


@pytest.mark.feature("BOOK-12:a", "BOOK-12:b", "BOOK-12:c")
def test_visit_reasons_have_their_own_length_price_and_way(scheduler: Scheduler) -> None:
    with database().unit_of_work():
        role = practice().role_id
        seed(role, services=[consultation(PRICE), consultation(Money(6000, "EUR"), minutes=45, modality=Modality.IN_PERSON, act_codes=("G",))])
    with database().reading():
        short, long = scheduler.services([role])[role]
        offer = scheduler.offers(OfferQuery(long.id, _week(7), 1))[0]
    assert (short.minutes, short.price, short.modality) == (20, PRICE, Modality.VIDEO)
    assert (long.minutes, long.price, long.modality, long.act_codes) == (45, Money(6000, "EUR"), Modality.IN_PERSON, ("G",))
    assert offer.period.length == timedelta(minutes=45)


@pytest.mark.feature("BOOK-13:a", "BOOK-13:c")
def test_absences_close_and_extra_openings_add_at_once(scheduler: Scheduler) -> None:
    with database().unit_of_work():
        role = practice().role_id
        service = seed(role, services=[consultation(PRICE)])[0]
    before = _starts(scheduler, service, _week(7))
    away = Period(before[0], before[2])
    sunday = datetime(2026, 3, 8, 9, tzinfo=UTC)
    with database().unit_of_work():
        editing.add_absence(role, away)
        editing.add_extra(role, Period(sunday, sunday + timedelta(hours=1)), [Modality.VIDEO], 20)
    after = _starts(scheduler, service, _week(7))
    assert after == sorted([*before[2:], *(sunday + timedelta(minutes=20 * n) for n in range(3))])


def test_a_final_appointment_that_moves_stays_final(scheduler: Scheduler, now: FixedClock) -> None:
    with database().unit_of_work():
        service = seed(practice().role_id, services=[consultation(PRICE)])[0]
    first, second = _starts(scheduler, service, _week(7))[4:6]
    with database().unit_of_work():
        held = scheduler.hold(service, first, clock.now() + timedelta(minutes=10))
        assert isinstance(held, Hold)
        agenda.take(held.occupancy_id)
    with database().unit_of_work():
        assert isinstance(scheduler.move(held.occupancy_id, service, second), Hold)
    now.advance(timedelta(minutes=11))
    offered = _starts(scheduler, service, _week(7))
    assert second not in offered
    assert first in offered


def test_a_visit_may_move_into_its_own_time(scheduler: Scheduler) -> None:
    with database().unit_of_work():
        made = practice()
        service = seed(made.role_id, week=Week(every=5), services=[consultation(PRICE, minutes=30)])[0]
    start = _starts(scheduler, service, _week(7))[10]
    with database().unit_of_work():
        held = scheduler.hold(service, start, clock.now() + timedelta(minutes=10))
        assert isinstance(held, Hold)
        assert isinstance(scheduler.move(held.occupancy_id, service, start + FIVE), Hold)


def test_a_retired_reason_is_known_and_not_bookable(scheduler: Scheduler) -> None:
    with database().unit_of_work():
        role = practice().role_id
        service = seed(role, services=[consultation(PRICE)])[0]
        editing.save_service(role, ServiceDraft({"en": "Old"}, 20, Modality.VIDEO, PRICE, active=False), service)
    assert _starts(scheduler, service, _week(7)) == []
    with database().unit_of_work():
        assert scheduler.service(service) is not None
        assert not scheduler.services([role])
        assert isinstance(scheduler.hold(service, clock.now() + timedelta(days=1), clock.now() + timedelta(days=1)), Refused)
