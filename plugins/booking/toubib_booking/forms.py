"""Reading the plain forms of the editors: each field checked, each error a sentence at its field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from toubib.contracts.common import Message
from toubib.contracts.scheduling import Modality
from toubib_booking.texts import say

_CLOCK = re.compile(r"(\d{1,2})\s*[:hH.]?\s*(\d{2})?")
_AMOUNT = re.compile(r"(\d{1,7})(?:[.,](\d{1,3}))?")
_WHOLE = re.compile(r"\d{1,6}")


class Values(Protocol):
    """A posted form."""

    def get(self, key: str, default: str = "") -> str:
        """The first value of a field."""
        ...

    def getlist(self, key: str) -> Sequence[str]:
        """Every value of a field."""
        ...


@dataclass(slots=True)
class Reader:
    """Reads fields and collects what is wrong by field name; a field that is wrong reads as its neutral value."""

    values: Values
    errors: dict[str, Message] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """One line that may not be empty."""
        found = self.values.get(name).strip()
        if not found:
            self.errors[name] = say("Please fill this in.")
        return found[:200]

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        """One of the allowed values."""
        found = self.values.get(name)
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
        found = self.values.get(name).strip()
        number = int(found) if _WHOLE.fullmatch(found) else -1
        if not low <= number <= high:
            self.errors[name] = say("Please enter a whole number from %(low)s to %(high)s.", low=low, high=high)
            return low
        if number % step:
            self.errors[name] = say("Please enter a multiple of %(step)s.", step=step)
        return number

    def minute(self, name: str) -> int:
        """A time of the wall clock on the five-minute grid, as minutes from midnight; 24:00 is the end of the day."""
        match = _CLOCK.fullmatch(self.values.get(name).strip())
        minute = int(match[1]) * 60 + int(match[2] or 0) if match and int(match[2] or 0) < 60 else -1
        if not 0 <= minute <= 24 * 60:
            self.errors[name] = say("Please enter a time such as 09:30.")
            return 0
        if minute % 5:
            self.errors[name] = say("Times go by five minutes: 09:30 or 09:35, not 09:32.")
        return minute

    def day(self, name: str) -> date | None:
        """A calendar date, or `None` when the field is empty."""
        found = self.values.get(name).strip()
        if not found:
            return None
        try:
            return datetime.strptime(found, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            self.errors[name] = say("This date does not exist.")
            return None

    def instant(self, day_name: str, time_name: str, zone: str) -> datetime | None:
        """A date and a time of the wall clock in a zone, as an instant; the first of two where the clock goes back."""
        day = self.day(day_name)
        if day is None:
            self.errors.setdefault(day_name, say("Please enter a date."))
        minute = self.minute(time_name)
        if day is None or time_name in self.errors:
            return None
        whole, rest = divmod(minute, 24 * 60)
        return datetime.combine(date.fromordinal(day.toordinal() + whole), time(rest // 60, rest % 60), ZoneInfo(zone))

    def amount(self, name: str, currency: str, *, optional: bool = False) -> int | None:
        """An amount in minor units of a currency; empty is `None` where allowed."""
        found = self.values.get(name).replace("\u00a0", "").replace(" ", "")
        if optional and not found:
            return None
        decimals = get_currency_precision(currency)
        match = _AMOUNT.fullmatch(found)
        if match is None or len(match[2] or "") > decimals:
            self.errors[name] = say("Please enter an amount such as 25.00.")
            return 0
        return int(match[1] + (match[2] or "").ljust(decimals, "0"))


def clock_text(minute: int) -> str:
    """Minutes from midnight as 09:30."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def as_typed(values: Values, names: Sequence[str]) -> Mapping[str, str]:
    """What was typed, to show it again."""
    return {name: values.get(name) for name in names}
