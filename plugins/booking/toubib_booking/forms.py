"""Reading the plain forms of the editors: each field checked, each error a sentence at its field."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from werkzeug.datastructures import MultiDict

from toubib.contracts.common import Message
from toubib.contracts.scheduling import Modality
from toubib_booking.texts import say

_CLOCK = re.compile(r"(\d{1,2})\s*[:hH.]?\s*(\d{2})?")
_AMOUNT = re.compile(r"(\d{1,7})(?:[.,](\d{1,3}))?")
_WHOLE = re.compile(r"\d{1,6}")


DAY = 24 * 60


@dataclass(slots=True)
class Reader:
    """Reads fields and collects what is wrong by field name; a field that is wrong reads as its neutral value."""

    values: MultiDict[str, str]
    errors: dict[str, Message] = field(default_factory=dict)

    def given(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.values.get(name, ""))

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        """One of the allowed values."""
        found = self.values.get(name, "")
        if found not in allowed:
            self.errors[name] = say("Please choose one of the entries.")
            return allowed[0]
        return found

    def modalities(self, name: str) -> list[str]:
        """At least one way to meet."""
        found = [modality for modality in Modality if modality in self.values.getlist(name)]
        if not found:
            self.errors[name] = say("Please choose at least one way to meet.")
        return [modality.value for modality in found]

    def whole(self, name: str, low: int, high: int, *, step: int = 1) -> int:
        """A whole number between `low` and `high`, a multiple of `step`."""
        found = self.values.get(name, "").strip()
        number = int(found) if _WHOLE.fullmatch(found) else -1
        if not low <= number <= high:
            self.errors[name] = say("Please enter a whole number from %(low)s to %(high)s.", low=low, high=high)
            return low
        if number % step:
            self.errors[name] = say("Please enter a multiple of %(step)s.", step=step)
        return number

    def minute(self, name: str, *, empty: int | None = None) -> int:
        """A time of the wall clock on the five-minute grid, as minutes from midnight; `empty` stands for an empty field."""
        found = self.values.get(name, "").strip()
        if not found and empty is not None:
            return empty
        match = _CLOCK.fullmatch(found)
        minute = int(match[1]) * 60 + int(match[2] or 0) if match and int(match[2] or 0) < 60 else -1
        if not 0 <= minute <= DAY:
            self.errors[name] = say("Please enter a time such as 09:30.")
            return 0
        if minute % 5:
            self.errors[name] = say("Times go by five minutes: 09:30 or 09:35, not 09:32.")
        return minute

    def span(self, start: str, end: str) -> tuple[int, int]:
        """Two times of one day; midnight as the second is the end of the day."""
        first, last = self.minute(start), self.minute(end) or DAY
        if first >= last and not {start, end} & self.errors.keys():
            self.errors[end] = say("The end must be after the beginning.")
        return first, last

    def days(self, start: str, end: str) -> tuple[date | None, date | None]:
        """Two optional dates in their order."""
        first, last = self.day(start), self.day(end)
        if first and last and first > last:
            self.errors[end] = say("The last day must not be before the first.")
        return first, last

    def day(self, name: str) -> date | None:
        """A calendar date, or `None` when the field is empty."""
        found = self.values.get(name, "").strip()
        if not found:
            return None
        try:
            return datetime.strptime(found, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            self.errors[name] = say("This date does not exist.")
            return None

    def instant(self, day_name: str, time_name: str, zone: str, *, empty: int | None = None) -> datetime | None:
        """A date and a time of the wall clock in a zone, as an instant; the first of two where the clock goes back."""
        day = self.day(day_name)
        if day is None:
            self.errors.setdefault(day_name, say("Please enter a date."))
        minute = self.minute(time_name, empty=empty)
        return None if day is None or time_name in self.errors else at_wall(day, minute, zone)

    def amount(self, name: str, currency: str, *, optional: bool = False) -> int | None:
        """An amount in minor units of a currency; empty is `None` where allowed."""
        found = self.values.get(name, "").replace("\u00a0", "").replace(" ", "")
        if optional and not found:
            return None
        decimals = get_currency_precision(currency)
        match = _AMOUNT.fullmatch(found)
        if match is None or len(match[2] or "") > decimals:
            self.errors[name] = say("Please enter an amount such as 25.00.")
            return 0
        return int(match[1] + (match[2] or "").ljust(decimals, "0"))


def at_wall(day: date, minute: int, zone: str) -> datetime:
    """The instant when the clock on the wall shows a minute of a date; 24:00 is midnight of the next."""
    whole, rest = divmod(minute, DAY)
    return datetime.combine(date.fromordinal(day.toordinal() + whole), time(rest // 60, rest % 60), ZoneInfo(zone))


def clock_text(minute: int) -> str:
    """Minutes from midnight as 09:30."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
