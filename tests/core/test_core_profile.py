"""What a patient reads of a practitioner's rules before booking."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from toubib.contracts.common import Money
from toubib.db import database
from toubib.seams.clock import FixedClock
from toubib.testing.practices import practice
from toubib_booking.seed import consultation, seed


@pytest.mark.feature("BOOK-09:b")
@pytest.mark.parametrize(("minutes", "fee", "said", "unsaid"), [
    (240, 1500, ["until 4 hours before.", "the practice may ask for €15.00."], []),
    (90, None, ["until 90 minutes before."], ["may ask"]),
    (60, None, ["until 1 hour before."], ["may ask"]),
    (0, None, [], ["cancel it online", "may ask"]),
])  # fmt: skip
def test_the_profile_says_the_cut_off_and_the_fee_exactly(
    app: Callable[..., Flask],
    browse: Callable[[Flask], FlaskClient],
    now: FixedClock,
    minutes: int,
    fee: int | None,
    said: list[str],
    unsaid: list[str],
) -> None:
    client = browse(app("booking", use={"scheduler": "booking"}, journeys={"booked": {"steps": ["coverage.estimate"]}}))
    assert now.now().tzinfo
    with database().unit_of_work():
        draft = replace(consultation(Money(2500, "EUR")), cancel_until_minutes=minutes, no_show_fee_minor=fee)
        seed(practice().role_id, services=[draft])
    page = client.get("/practitioners/praxis-dr", headers={"Accept-Language": "en"}).text
    assert [text for text in said if text not in page] == []
    assert [text for text in unsaid if text in page] == []
