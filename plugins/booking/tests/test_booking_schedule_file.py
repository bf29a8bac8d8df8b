"""Schedules from a file."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from toubib.contracts.common import Period
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.testing.practices import practice
from toubib_booking.schedule_file import load_schedules

FILE = """
[[schedule]]
practitioner = "praxis-dr"
practice = "praxis"
days = [0, 2]
start = "10:00"
end = "12:00"
every = 30
modalities = ["video"]

[[schedule.services]]
name = { fr = "Consultation par vidéo", en = "Consultation by video" }
minutes = 30
modality = "video"
price = 2500
currency = "EUR"
"""


@pytest.fixture
def toubib(installation: Callable[..., Toubib], now: FixedClock) -> Toubib:
    assert now.now().tzinfo
    return installation("booking", use={"scheduler": "booking"})


def test_schedules_are_opened_once(toubib: Toubib, tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    path.write_text(FILE, encoding="utf-8")
    with database().unit_of_work():
        role = practice().role_id
    assert CliRunner().invoke(load_schedules, [str(path)]).output == "1 schedules opened, 0 were there already\n"
    assert CliRunner().invoke(load_schedules, [str(path)]).output == "0 schedules opened, 1 were there already\n"
    with database().reading():
        service = toubib.scheduler.services([role])[role][0]
        offers = toubib.scheduler.offers(OfferQuery(service.id, Period(clock.now(), clock.now() + timedelta(days=7))))
    times = ("09:00", "09:30", "10:00", "10:30")
    assert [f"{offer.period.start:%a %H:%M}" for offer in offers] == [f"{day} {time}" for day in ("Mon", "Wed") for time in times]


@pytest.mark.parametrize(("old", "new", "said"), [
    ("minutes = 30", "minutes = 31", "multiple of 5"),
    ('"praxis-dr"', '"nobody"', "'nobody' does not receive at 'praxis'"),
    ('end = "12:00"', 'end = "12:01"', "schedule.0.end"),
    ('end = "12:00"', 'end = "09:00"', "after the start"),
    ("every = 30", 'every = 30\npause = ["noon", "13:00"]', "schedule.0.pause.0"),
    ("every = 30", 'every = 30\npause = ["11:30", "11:00"]', "after the start"),
    ('currency = "EUR"', 'currency = "SEK"', "asks prices in EUR"),
    ("price = 2500", "price = 2500\ncancel_until = 90", "multiple of 60"),
    ("days = [0, 2]", "days = [7]", "schedule.0.days.0"),
    ("[[schedule]]", "[[schedule", "Expected"),
])  # fmt: skip
def test_a_wrong_file_is_explained_and_changes_nothing(toubib: Toubib, tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "schedules.toml"
    path.write_text(FILE.replace(old, new, 1), encoding="utf-8")
    with database().unit_of_work():
        role = practice().role_id
    result = CliRunner().invoke(load_schedules, [str(path)])
    assert result.exit_code == 1
    assert said in result.output
    with database().reading():
        assert not toubib.scheduler.services([role])
