"""Occupancy: what the database itself refuses, seats, the override lane, holds that lapse, and two who exchange their times."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from toubib.contracts.common import Period, Refused
from toubib.db import database, session
from toubib.db.tables.agenda import Occupancy, Seat
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import agenda
from toubib.testing.practices import Practice, practice

HALF = timedelta(minutes=30)


@pytest.fixture
def made(installation: Callable[..., Toubib], now: FixedClock) -> Practice:
    installation()
    assert now.now().tzinfo
    with database().unit_of_work():
        return practice()


def half_hour(number: int) -> Period:
    """The half hours after the clock of the test, from 0 on."""
    start = clock.now() + HALF * number
    return Period(start, start + HALF)


def take(made: Practice, period: Period, until: datetime | None = None, lane: int = 0, reason: str = "") -> str | Refused:
    return agenda.occupy(made.practitioner_id, made.organisation_id, period, until=until, lane=lane, override_reason=reason)


@pytest.mark.parametrize("minutes", [-29, -15, 0, 10, 29])
def test_an_overlap_of_any_kind_is_refused(made: Practice, minutes: int) -> None:
    with database().unit_of_work():
        assert isinstance(take(made, half_hour(4)), str)
    shifted = Period(half_hour(4).start + timedelta(minutes=minutes), half_hour(4).end + timedelta(minutes=minutes))
    with database().unit_of_work():
        assert take(made, shifted) == agenda.TAKEN
        assert isinstance(take(made, half_hour(5)), str)
        assert isinstance(take(made, half_hour(3)), str)


def test_the_database_refuses_what_bypasses_the_service(made: Practice) -> None:
    with database().unit_of_work():
        take(made, half_hour(0))
    row = Occupancy(organisation_id=made.organisation_id, subject=made.practitioner_id, starts_at=half_hour(0).start, ends_at=half_hour(1).end)
    with pytest.raises(DBAPIError, match="occupancy_no_overlap"), database().unit_of_work() as work:
        work.add(row)


def test_a_freed_time_cannot_be_revived_over_another(made: Practice) -> None:
    with database().unit_of_work():
        first = take(made, half_hour(0))
        assert isinstance(first, str)
        agenda.free(first)
        take(made, half_hour(0))
    with pytest.raises(DBAPIError, match="occupancy_no_overlap"), database().unit_of_work() as work:
        work.get_one(Occupancy, first).state = "taken"


@pytest.mark.feature("BOOK-03:e")
def test_an_override_takes_a_second_lane_with_its_reason(made: Practice) -> None:
    with database().unit_of_work():
        take(made, half_hour(0))
        extra = take(made, half_hour(0), lane=1, reason="child with fever")
        assert isinstance(extra, str)
        assert take(made, half_hour(0), lane=1) == agenda.TAKEN
    with database().unit_of_work() as work:
        row = work.get_one(Occupancy, extra)
        assert (row.lane, row.override_reason) == (1, "child with fever")
        assert agenda.busy([made.practitioner_id], half_hour(0))[made.practitioner_id] == [half_hour(0)]


@pytest.mark.feature("BOOK-03:d")
def test_seats_are_children_of_one_occupancy(made: Practice) -> None:
    with database().unit_of_work():
        occupancy = take(made, half_hour(0))
        assert isinstance(occupancy, str)
        session().add(Seat(organisation_id=made.organisation_id, occupancy_id=occupancy, position=1))
    with pytest.raises(DBAPIError), database().unit_of_work() as work:
        work.add(Seat(organisation_id=made.organisation_id, occupancy_id=occupancy, position=1))
    with pytest.raises(DBAPIError), database().unit_of_work() as work:
        work.add(Seat(organisation_id=made.organisation_id, occupancy_id="nothing"))
    with database().unit_of_work() as work:
        agenda.free(occupancy)
        assert all(seat.freed for seat in work.exec(select(Seat).where(Seat.occupancy_id == occupancy)))


def test_whoever_takes_expires_what_lapsed(made: Practice, now: FixedClock) -> None:
    with database().unit_of_work():
        lapsed = take(made, half_hour(3), until=clock.now() + timedelta(minutes=10))
        assert isinstance(lapsed, str)
    period = half_hour(3)
    now.advance(timedelta(minutes=10))
    with database().unit_of_work() as work:
        assert isinstance(take(made, period), str)
        assert work.get_one(Occupancy, lapsed).state == "expired"
        assert not agenda.take(lapsed)
        assert not agenda.prolong(lapsed, clock.now() + HALF)


def test_two_who_want_each_others_time_do_not_wait_for_each_other(made: Practice) -> None:
    with database().unit_of_work():
        mine, theirs = (take(made, half_hour(n)) for n in (0, 1))
    begun, outcomes = Barrier(2), list[str]()

    def exchange(own: object, wanted: Period) -> None:
        begun.wait(timeout=20)
        with database().unit_of_work():
            agenda.queue_up(made.practitioner_id)
            agenda.free(str(own))
            outcomes.append("refused" if isinstance(take(made, wanted), Refused) else "moved")
            if outcomes[-1] == "refused":
                session().rollback()

    threads = [Thread(target=exchange, args=pair) for pair in ((mine, half_hour(1)), (theirs, half_hour(0)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["refused", "refused"]
