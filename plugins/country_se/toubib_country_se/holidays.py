"""Public holidays of Sweden, computed (lag 1989:253 om allmänna helgdagar)."""

from collections.abc import Mapping
from datetime import date, timedelta

from dateutil.easter import easter

from toubib.contracts.common import Message
from toubib_country_se.messages import msg


def holidays(year: int, region: str = "") -> Mapping[date, Message]:  # noqa: ARG001  the same everywhere
    """Holidays of a year in date order."""
    sunday = easter(year)
    found = {
        date(year, 1, 1): msg("New Year's Day"),
        date(year, 1, 6): msg("Epiphany"),
        sunday - timedelta(days=2): msg("Good Friday"),
        sunday: msg("Easter Sunday"),
        sunday + timedelta(days=1): msg("Easter Monday"),
        date(year, 5, 1): msg("May Day"),
        sunday + timedelta(days=39): msg("Ascension Day"),
        sunday + timedelta(days=49): msg("Whit Sunday"),
        date(year, 6, 6): msg("National Day"),
        _saturday_from(date(year, 6, 20)): msg("Midsummer Day"),
        _saturday_from(date(year, 10, 31)): msg("All Saints' Day"),
        date(year, 12, 25): msg("Christmas Day"),
        date(year, 12, 26): msg("Boxing Day"),
    }
    return dict(sorted(found.items()))


def _saturday_from(day: date) -> date:
    """The first Saturday on or after a day."""
    return day + timedelta(days=(5 - day.weekday()) % 7)
