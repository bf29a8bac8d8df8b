"""Live messages: what every bus does alike, and what those of several processes do when the way between them breaks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import func, select

from toubib.app import _bus
from toubib.bus import LAGGED, Bus, LocalBus, Subscription
from toubib.bus_table import sweep
from toubib.db import database, session
from toubib.db.tables.machinery import BusMessage
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock

Installation = Callable[..., Toubib]
SOON = 5.0
QUIET = 0.2


@dataclass
class Ends:
    """Two ends of one bus: of one process, or as two processes have them."""

    here: Bus
    there: Bus


@pytest.fixture(params=["one process", "two processes"])
def ends(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Ends]:
    toubib = installation()
    if request.param == "one process":
        local = LocalBus()
        yield Ends(local, local)
        return
    other = _bus(database().engine)
    yield Ends(toubib.bus, other)
    other.close()


def nothing(subscription: Subscription) -> bool:
    return subscription.get(QUIET) is None


def test_a_message_reaches_every_listener_of_its_channel_and_nobody_else(ends: Ends) -> None:
    near, far, elsewhere = ends.here.subscribe("a"), ends.there.subscribe("a"), ends.there.subscribe("b")
    ends.here.publish("a", {"type": "hello", "n": 1})
    assert near.get(SOON) == far.get(SOON) == {"type": "hello", "n": 1}
    assert nothing(elsewhere)
    assert nothing(near), "it came once"


def test_messages_come_in_order_and_once(ends: Ends) -> None:
    far = ends.there.subscribe("a")
    for n in range(40):
        ends.here.publish("a", {"n": n})
    assert [far.get(SOON) for _ in range(40)] == [{"n": n} for n in range(40)]
    assert nothing(far)


def test_a_large_message_crosses_whole(ends: Ends) -> None:
    far = ends.there.subscribe("a")
    large = {"sdp": "é" * 30_000}
    ends.here.publish("a", large)
    assert far.get(SOON) == large


def test_nothing_is_told_before_the_commit_or_after_a_rollback(ends: Ends) -> None:
    near, far = ends.here.subscribe("a"), ends.there.subscribe("a")
    with pytest.raises(RuntimeError):
        _undone(ends.here)
    with database().unit_of_work():
        ends.here.publish("a", {"n": "done"})
        assert nothing(near)
        assert nothing(far)
    assert near.get(SOON) == far.get(SOON) == {"n": "done"}


def _undone(bus: Bus) -> None:
    with database().unit_of_work():
        bus.publish("a", {"n": "undone"})
        raise RuntimeError


def test_whoever_stopped_listening_hears_nothing_more(ends: Ends) -> None:
    far, still = ends.there.subscribe("a"), ends.there.subscribe("a")
    ends.there.unsubscribe("a", far)
    ends.there.unsubscribe("a", far)
    ends.here.publish("a", {"n": 1})
    assert still.get(SOON) == {"n": 1}
    assert nothing(far)


def test_a_reader_that_is_too_slow_is_told(ends: Ends) -> None:
    slow, probe = ends.there.subscribe("a"), ends.there.subscribe("b")
    for n in range(300):
        ends.here.publish("a", {"n": n})
    ends.here.publish("b", {"type": "last"})
    assert probe.get(4 * SOON) == {"type": "last"}
    assert slow.get(SOON) == LAGGED


def test_a_failing_message_undoes_nothing(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    toubib = installation()

    def broken(*_args: Any) -> None:
        raise OSError

    monkeypatch.setattr(toubib.bus, "_send", broken)
    with database().unit_of_work():
        session().add(BusMessage(channel="kept"))
        toubib.bus.publish("a", {"n": 1})
    with database().reading():
        assert session().exec(select(func.count()).select_from(BusMessage)).one() == 1


def test_what_is_old_is_swept_and_the_channel_goes_on(installation: Installation, now: FixedClock) -> None:
    toubib = installation()
    other = _bus(database().engine)
    far = toubib.bus.subscribe("a")
    other.publish("a", {"n": "x" * 9_000})
    assert far.get(SOON)
    now.advance(timedelta(minutes=6))
    other.publish("a", {"n": "y" * 9_000})
    assert far.get(SOON)
    sweep({})
    with database().reading():
        assert session().exec(select(func.count()).select_from(BusMessage)).one() == 1
    now.advance(timedelta(minutes=6))
    sweep({})
    other.publish("a", {"n": 3})
    assert far.get(SOON) == {"n": 3}
    other.close()


def break_the_way() -> None:
    """End the listening connection of PostgreSQL; on SQLite take the rows away, as when the file is rewritten."""
    with database().unit_of_work() as writing:
        if database().engine.dialect.name == "sqlite":
            writing.execute(text("DELETE FROM bus_message"))
            return
        ended = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()")
        assert writing.execute(ended).scalar_one() == 1


def test_when_the_way_between_processes_breaks_listeners_are_told_and_hear_on(installation: Installation) -> None:
    toubib, other = installation(), _bus(database().engine)
    for n in range(5):
        other.publish("b", {"n": n})
    far = toubib.bus.subscribe("a")
    break_the_way()
    other.publish("b", {"n": 6})
    assert far.get(2 * SOON) == LAGGED
    other.publish("a", {"n": 7})
    assert far.get(SOON) == {"n": 7}
    other.close()
