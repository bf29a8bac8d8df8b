"""The scheduler keeps the contract of scheduling."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from toubib.contracts.common import Money
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.testing.conformance.scheduling import SchedulerContract, SchedulerSubject
from toubib.testing.practices import practice
from toubib_booking.seed import Week, consultation, seed


class TestBooking(SchedulerContract):
    @pytest.fixture
    def subject(self, installation: Callable[..., Toubib], now: FixedClock) -> SchedulerSubject:
        now.advance(timedelta(minutes=7, seconds=13))
        toubib = installation("booking", use={"scheduler": "booking"})
        with database().unit_of_work():
            role = practice().role_id
            service = seed(role, week=Week(), services=[consultation(Money(2500, "EUR"), notice=60)])[0]
        return SchedulerSubject(toubib.scheduler, service, role)
