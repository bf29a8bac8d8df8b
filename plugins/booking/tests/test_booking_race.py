"""Two hundred at once, from several processes: exactly one gets the time, the others are told that it is taken."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from toubib.contracts.common import Money, Period
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.testing.practices import practice
from toubib.testing.races import Wish, race
from toubib_booking.seed import ROUND_THE_CLOCK, consultation, seed

LENGTHS = (20, 40, 60)


def _free_times(toubib: Toubib, services: Sequence[str]) -> list[Wish]:
    """One wish per length; all of them contain the same twenty minutes."""
    with database().reading():
        window = Period(clock.now() + timedelta(hours=5), clock.now() + timedelta(hours=6))
        meeting = toubib.scheduler.offers(OfferQuery(services[0], window))[0].period.start
    return [Wish(service, meeting - timedelta(minutes=length - 20)) for service, length in zip(services, LENGTHS, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("lengths", [1, 3], ids=["same", "overlapping"])
def test_exactly_one_of_two_hundred_gets_the_time(installation: Callable[..., Toubib], database_url: str, tmp_path: Path, lengths: int) -> None:
    toubib = installation("booking", use={"scheduler": "booking"})
    with database().unit_of_work():
        services = [consultation(Money(2500, "EUR"), minutes=length) for length in LENGTHS]
        ids = seed(practice().role_id, week=ROUND_THE_CLOCK, services=services)
    wishes = (_free_times(toubib, ids)[:lengths] * 200)[:200]
    outcomes = Counter(race(database_url, tmp_path, ["booking"], {"scheduler": "booking"}, wishes, processes=3))
    assert outcomes == {"held": 1, "taken": 199}
