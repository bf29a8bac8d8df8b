"""Advice in writing that becomes a visit at a time, where an agenda is registered."""

from collections.abc import Callable

import pytest
from flask import Flask

from toubib import runtime
from toubib.contracts.common import Money
from toubib.contracts.scheduling import Modality
from toubib.db import database
from toubib.seams.clock import FixedClock
from toubib.testing.doubles.payment import MemoryProvider, use_memory_payments
from toubib_advice.trial import Trial, found, options
from toubib_booking.seed import consultation, seed


@pytest.mark.feature("ADVICE-05:b")
def test_advice_becomes_a_booking_with_one_click(app: Callable[..., Flask], now: FixedClock) -> None:
    changes = options(use={"scheduler": "booking"})
    application, provider = app("advice", "booking", **changes), MemoryProvider()
    use_memory_payments(runtime.current(), provider)
    trial = Trial.opened(application, provider, now, runtime.current().jobs)
    encounter = trial.paid()
    trial.take(encounter)
    trial.answer(encounter)
    page = f"/advice/{encounter}"
    assert "Book a consultation" not in trial.see(page)
    with database().unit_of_work():
        seed(trial.made.role_id, services=[consultation(Money(2500, "EUR"), modality=Modality.VIDEO)])
    assert "Book a consultation with" in trial.see(page)
    answer = trial.post(f"{page}/book", page)
    held = found(r"/visits/([0-9a-f]+)/details", answer.headers["Location"])
    assert "is held for you" in trial.see(f"/visits/{held}/details")
