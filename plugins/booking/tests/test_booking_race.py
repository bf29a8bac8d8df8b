"""Two hundred at once for one time, over HTTP, from two server processes: exactly one gets it, the others are told that it is taken."""

import http.client
import re
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from urllib.parse import urlencode

import pytest
from sqlmodel import select

from toubib.contracts.common import Money, Period
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database
from toubib.db.tables.agenda import Appointment, Occupancy, Seat
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.testing.practices import practice
from toubib.testing.servers import servers
from toubib_booking.seed import ROUND_THE_CLOCK, consultation, seed

VISITORS = 200
LENGTHS = (20, 40, 60)
SETTINGS = {"use": {"scheduler": "booking"}, "journeys": {"booked": {"steps": []}}}


class Visitor:
    """A browser with its own cookie and form token."""

    def __init__(self, port: int, wish: dict[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.request("GET", "/search")
        page = self.connection.getresponse()
        self.cookie = (page.getheader("Set-Cookie") or "").split(";")[0]
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page.read().decode())
        assert found
        self.body = urlencode({**wish, "csrf_token": found[1]})

    def hold(self, together: Barrier) -> int:
        """Ask for the time, at the same moment as all others; the answer's status."""
        together.wait(timeout=120)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", "/hold", self.body, headers)
        answer = self.connection.getresponse()
        answer.read()
        self.connection.close()
        return answer.status


def _wishes(toubib: Toubib, services: Sequence[str]) -> list[dict[str, str]]:
    """One wish per length; all of them contain the same twenty minutes."""
    with database().reading():
        window = Period(clock.now() + timedelta(hours=5), clock.now() + timedelta(hours=6))
        meeting = toubib.scheduler.offers(OfferQuery(services[0], window))[0].period.start
    starts = [meeting - timedelta(minutes=length - 20) for length in LENGTHS]
    return [{"service": service, "start": start.isoformat()} for service, start in zip(services, starts, strict=True)]


def _contend(ports: Sequence[int], wishes: Sequence[dict[str, str]]) -> Counter[int]:
    with ThreadPoolExecutor(VISITORS) as threads:
        everybody = list(threads.map(lambda n: Visitor(ports[n % len(ports)], wishes[n % len(wishes)]), range(VISITORS)))
        together = Barrier(VISITORS)
        return Counter(threads.map(lambda visitor: visitor.hold(together), everybody))


def _left_behind() -> tuple[int, int, int]:
    """How many live occupancies, appointments and taken seats there are now."""
    with database().reading() as reading:
        live = reading.exec(select(Occupancy).where(Occupancy.state == "held")).all()
        return len(live), len(reading.exec(select(Appointment)).all()), len(reading.exec(select(Seat).where(Seat.freed == "")).all())


@pytest.mark.slow
@pytest.mark.feature("BOOK-03:a", "BOOK-03:b", "BOOK-03:c")
@pytest.mark.parametrize("lengths", [1, 3], ids=["same", "overlapping"])
def test_exactly_one_of_two_hundred_gets_the_time(installation: Callable[..., Toubib], database_url: str, tmp_path: Path, lengths: int) -> None:
    toubib = installation("booking", **SETTINGS)
    with database().unit_of_work():
        services = [consultation(Money(2500, "EUR"), minutes=length) for length in LENGTHS]
        ids = seed(practice().role_id, week=ROUND_THE_CLOCK, services=services)
    wishes = _wishes(toubib, ids)[:lengths]
    with servers(database_url, tmp_path, ["booking"], SETTINGS, processes=2) as ports:
        assert _contend(ports, wishes) == {302: 1, 409: VISITORS - 1}
    assert _left_behind() == (1, 1, 1)
