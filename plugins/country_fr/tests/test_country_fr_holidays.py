"""Holidays against dates that are known."""

from datetime import date, timedelta

import pytest

from toubib_country_fr.holidays import holidays

EASTERS = [
    date(2018, 4, 1),
    date(2019, 4, 21),
    date(2020, 4, 12),
    date(2024, 3, 31),
    date(2025, 4, 20),
    date(2026, 4, 5),
    date(2027, 3, 28),
    date(2038, 4, 25),
    date(2285, 3, 22),
]


@pytest.mark.parametrize("sunday", EASTERS)
def test_the_monday_after_easter(sunday: date) -> None:
    assert holidays(sunday.year)[sunday + timedelta(days=1)].key == "Easter Monday"


def test_eleven_days_in_order() -> None:
    found = holidays(2026)
    assert len(found) == 11
    assert list(found) == sorted(found)
    assert found[date(2026, 5, 14)].key == "Ascension Day"
    assert found[date(2026, 5, 25)].key == "Whit Monday"


def test_two_more_in_alsace_moselle() -> None:
    extra = set(holidays(2026, "67")) - set(holidays(2026))
    assert extra == {date(2026, 4, 3), date(2026, 12, 26)}


def test_one_more_overseas() -> None:
    assert set(holidays(2026, "974")) - set(holidays(2026)) == {date(2026, 12, 20)}
    assert holidays(2026, "69") == holidays(2026)
