"""Bank holidays of England and Wales, of Scotland and of Northern Ireland, computed, with the moved and extra ones that were proclaimed."""

from collections.abc import Mapping
from datetime import date, timedelta

from dateutil.easter import easter

from toubib.contracts.common import Message
from toubib_country_uk.messages import msg

SCOTLAND, NORTHERN_IRELAND = "SCT", "NIR"
EARLY_MAY_MOVED = {2020: date(2020, 5, 8)}
SPRING_MOVED = {2022: date(2022, 6, 2)}


def holidays(year: int, region: str = "") -> Mapping[date, Message]:
    """Bank holidays of a year in date order, those that fall on a weekend on the day given instead."""
    found = _fixed(year, region) | _of_easter(year, region) | _mondays(year, region) | _proclaimed(year, region)
    return dict(sorted(found.items()))


def _fixed(year: int, region: str) -> dict[date, Message]:
    """Fixed days; one after the other, each takes the first working day that is still free."""
    days = [(date(year, 1, 1), msg("New Year's Day")), (date(year, 12, 25), msg("Christmas Day")), (date(year, 12, 26), msg("Boxing Day"))]
    if region == SCOTLAND:
        days[1:1] = [(date(year, 1, 2), msg("2nd January")), (date(year, 11, 30), msg("Saint Andrew's Day"))]
    if region == NORTHERN_IRELAND:
        days[1:1] = [(date(year, 3, 17), msg("Saint Patrick's Day")), (date(year, 7, 12), msg("Battle of the Boyne"))]
    weekend = {day for day, _ in days if day.weekday() >= 5}
    found = {day: name for day, name in days if day not in weekend}
    for day, name in days:
        if day in weekend:
            found[_free(day, found)] = name
    return found


def _free(day: date, taken: Mapping[date, Message]) -> date:
    while day.weekday() >= 5 or day in taken:
        day += timedelta(days=1)
    return day


def _of_easter(year: int, region: str) -> dict[date, Message]:
    sunday = easter(year)
    found = {sunday - timedelta(days=2): msg("Good Friday")}
    return found if region == SCOTLAND else found | {sunday + timedelta(days=1): msg("Easter Monday")}


def _mondays(year: int, region: str) -> dict[date, Message]:
    summer = _monday_from(date(year, 8, 1)) if region == SCOTLAND else _monday_from(date(year, 8, 25))
    return {
        EARLY_MAY_MOVED.get(year, _monday_from(date(year, 5, 1))): msg("Early May bank holiday"),
        SPRING_MOVED.get(year, _monday_from(date(year, 5, 25))): msg("Spring bank holiday"),
        summer: msg("Summer bank holiday"),
    }


def _monday_from(day: date) -> date:
    """The first Monday on or after a day; from the 25th of a month with 31 days it is the last one."""
    return day + timedelta(days=-day.weekday() % 7)


def _proclaimed(year: int, region: str) -> dict[date, Message]:
    extra = {date(2026, 6, 15): msg("World Cup bank holiday")} if region == SCOTLAND else {}
    extra |= {
        date(2022, 6, 3): msg("Platinum Jubilee of Elizabeth II"),
        date(2022, 9, 19): msg("State funeral of Elizabeth II"),
        date(2023, 5, 8): msg("Coronation of Charles III"),
    }
    return {day: name for day, name in extra.items() if day.year == year}
