"""Values that cross every contract border: frozen, JSON-friendly, without opinion.

No contract passes a request, a table row or a session; these are what is passed instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, Union

MessageParam: TypeAlias = Union[str, int, "Money", datetime, "Message"]
Localised: TypeAlias = Mapping[str, str]
"""A text typed by staff, by language: `{"fr": "...", "en": "..."}`."""


class ContractError(Exception):
    """“Mine, but wrong”: a plugin knows the thing it was asked about and refuses it.

    “Not mine” is `None`. The message is shown to a person, so it says what to do next.
    """

    def __init__(self, message: "Message") -> None:
        super().__init__(f"{message.domain}:{message.key}")
        self.message = message


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in integer minor units (cents, öre) of an ISO 4217 currency."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")
        return other


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A half-open span `[start, end)` of two aware instants."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period is made of aware instants")
        if self.end <= self.start:
            raise ValueError("a period ends after it starts")

    @property
    def length(self) -> timedelta:
        """Elapsed time, counted in UTC (daylight saving has no say in it)."""
        return self.end.astimezone(UTC) - self.start.astimezone(UTC)

    def overlaps(self, other: "Period") -> bool:
        """Whether both share at least one instant."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Ref:
    """A pointer to a core row by kind and opaque id, e.g. `Ref("encounter", "3f…")`."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence to be translated where it is shown: catalogue domain, English key, parameters.

    `key` is the msgid with `%(name)s` placeholders; money and instants are formatted in the reader's locale.
    """

    domain: str
    key: str
    params: Mapping[str, MessageParam] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A “no” that a person can act on: the rule's name, the sentence, and offers instead."""

    rule: str
    message: Message
    alternatives: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number that somebody issued: naming system (URI or OID) and value as typed or normalised."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the gazetteer, or where somebody says they are. Coordinates in millionths of a degree."""

    country: str
    name: str
    postcode: str = ""
    region: str = ""
    lat_e6: int = 0
    lon_e6: int = 0
