"""Public holidays of France, computed; two more in Alsace-Moselle, one more overseas."""

from collections.abc import Mapping
from datetime import date, timedelta

from dateutil.easter import easter

from toubib.contracts.common import Message
from toubib_country_fr.messages import msg

ALSACE_MOSELLE = frozenset({"57", "67", "68"})
ABOLITION = {"971": (5, 27), "972": (5, 22), "973": (6, 10), "974": (12, 20), "976": (4, 27)}


def holidays(year: int, region: str = "") -> Mapping[date, Message]:
    """Holidays of a year in date order; `region` is a department code (`67`, `974`) or empty."""
    sunday = easter(year)
    found = {
        date(year, 1, 1): msg("New Year's Day"),
        sunday + timedelta(days=1): msg("Easter Monday"),
        date(year, 5, 1): msg("Labour Day"),
        date(year, 5, 8): msg("Victory of 1945"),
        sunday + timedelta(days=39): msg("Ascension Day"),
        sunday + timedelta(days=50): msg("Whit Monday"),
        date(year, 7, 14): msg("National Day"),
        date(year, 8, 15): msg("Assumption"),
        date(year, 11, 1): msg("All Saints' Day"),
        date(year, 11, 11): msg("Armistice of 1918"),
        date(year, 12, 25): msg("Christmas Day"),
    }
    found |= _regional(year, region, sunday)
    return dict(sorted(found.items()))


def _regional(year: int, region: str, sunday: date) -> dict[date, Message]:
    if region in ALSACE_MOSELLE:
        return {sunday - timedelta(days=2): msg("Good Friday"), date(year, 12, 26): msg("Saint Stephen's Day")}
    if region in ABOLITION:
        month, day = ABOLITION[region]
        return {date(year, month, day): msg("Abolition of slavery")}
    return {}
