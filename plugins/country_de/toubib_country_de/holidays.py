"""Public holidays of Germany, computed: nine everywhere, the others by state."""

from collections.abc import Mapping
from datetime import date, timedelta

from dateutil.easter import easter

from toubib.contracts.common import Message
from toubib_country_de.messages import msg

EPIPHANY = frozenset({"BW", "BY", "ST"})
CORPUS_CHRISTI = frozenset({"BW", "BY", "HE", "NW", "RP", "SL"})
ALL_SAINTS = frozenset({"BW", "BY", "NW", "RP", "SL"})
REFORMATION = frozenset({"BB", "MV", "SN", "ST", "TH"})
REFORMATION_SINCE_2018 = frozenset({"HB", "HH", "NI", "SH"})
BERLIN_ONCE = (
    (date(2020, 5, 8), msg("75 years since the liberation")),
    (date(2025, 5, 8), msg("80 years since the liberation")),
    (date(2028, 6, 17), msg("75 years since the uprising of 1953")),
)
"""Holidays of one year in Berlin."""


def holidays(year: int, region: str = "") -> Mapping[date, Message]:
    """Holidays of a year in date order; `region` is a state's two letters, or empty for those of every state."""
    sunday = easter(year)
    found = {
        date(year, 1, 1): msg("New Year's Day"),
        sunday - timedelta(days=2): msg("Good Friday"),
        sunday + timedelta(days=1): msg("Easter Monday"),
        date(year, 5, 1): msg("Labour Day"),
        sunday + timedelta(days=39): msg("Ascension Day"),
        sunday + timedelta(days=50): msg("Whit Monday"),
        date(year, 10, 3): msg("Day of German Unity"),
        date(year, 12, 25): msg("Christmas Day"),
        date(year, 12, 26): msg("Second Day of Christmas"),
    }
    found |= _of_the_church(year, region, sunday) | _of_the_state(year, region)
    return dict(sorted(found.items()))


def _of_the_church(year: int, region: str, sunday: date) -> dict[date, Message]:
    november = date(year, 11, 22)
    days = [
        (region in EPIPHANY, date(year, 1, 6), msg("Epiphany")),
        (region == "BB", sunday, msg("Easter Sunday")),
        (region == "BB", sunday + timedelta(days=49), msg("Whit Sunday")),
        (region in CORPUS_CHRISTI, sunday + timedelta(days=60), msg("Corpus Christi")),
        (region == "SL", date(year, 8, 15), msg("Assumption")),
        (_reformation(year, region), date(year, 10, 31), msg("Reformation Day")),
        (region in ALL_SAINTS, date(year, 11, 1), msg("All Saints' Day")),
        (region == "SN", november - timedelta(days=(november.weekday() - 2) % 7), msg("Day of Repentance and Prayer")),
    ]
    return {day: name for holds, day, name in days if holds}


def _reformation(year: int, region: str) -> bool:
    """Everywhere in 2017 only, for its 500th year."""
    return year == 2017 or region in REFORMATION or (region in REFORMATION_SINCE_2018 and year >= 2018)


def _of_the_state(year: int, region: str) -> dict[date, Message]:
    days = [
        ((region == "BE" and year >= 2019) or (region == "MV" and year >= 2023), date(year, 3, 8), msg("Women's Day")),
        (region == "TH" and year >= 2019, date(year, 9, 20), msg("World Children's Day")),
        *((region == "BE" and year == day.year, day, name) for day, name in BERLIN_ONCE),
    ]
    return {day: name for holds, day, name in days if holds}
