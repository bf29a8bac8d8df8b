"""Public holidays of the practice's country close its openings, unless it opens on purpose."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from toubib.contracts.common import Money, Period, Refused
from toubib.contracts.scheduling import Modality, OfferQuery
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.testing.practices import practice
from toubib_booking import editing
from toubib_booking.seed import consultation, seed

BASTILLE_DAY = datetime(2026, 7, 14, tzinfo=UTC)


@pytest.mark.feature("BOOK-13:b")
def test_a_public_holiday_closes_and_an_extra_opening_opens_it(installation: Callable[..., Toubib], now: FixedClock) -> None:
    toubib = installation("booking", "country_fr", use={"scheduler": "booking", "countries": ["FR"]}, site={"country": "FR"})
    now.advance(BASTILLE_DAY - timedelta(days=5) - now.now())
    with database().unit_of_work():
        role = practice(country="FR").role_id
        service = seed(role, services=[consultation(Money(2500, "EUR"))])[0]

    def offered(day: datetime) -> int:
        with database().reading():
            return len(toubib.scheduler.offers(OfferQuery(service, Period(day, day + timedelta(days=1)))))

    assert offered(BASTILLE_DAY) == 0
    assert offered(BASTILLE_DAY + timedelta(days=1)) > 10
    with database().unit_of_work():
        refused = toubib.scheduler.hold(service, BASTILLE_DAY + timedelta(hours=8), clock.now() + timedelta(minutes=5))
        assert isinstance(refused, Refused)
        assert refused.rule == "closed"
        opening = Period(BASTILLE_DAY + timedelta(hours=8), BASTILLE_DAY + timedelta(hours=9))
        editing.add_extra(role, opening, [Modality.VIDEO], 20)
    assert offered(BASTILLE_DAY) == 3
