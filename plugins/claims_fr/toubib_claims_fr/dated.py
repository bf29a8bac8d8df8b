"""Data rows with validity dates: found by key in a dictionary, by day with a bisection."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Generic, Protocol, TypeVar


class Trust(StrEnum):
    """How sure a row is: high moves money, medium moves it and says so, low leaves the amount to a person."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Row:
    """One dated value. `rule` names it for ever; `valid_to` is the last day it holds (`None`: still in force)."""

    rule: str
    value: int
    valid_from: date
    valid_to: date | None
    trust: Trust
    source: str

    def holds_on(self, day: date) -> bool:
        """Whether the row is in force on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Dated(Protocol):
    """Whatever has validity dates."""

    @property
    def valid_from(self) -> date:
        """First day in force."""
        ...

    @property
    def valid_to(self) -> date | None:
        """Last day in force; `None` while still in force."""
        ...


K = TypeVar("K", bound=Hashable)
R = TypeVar("R", bound=Dated)


class DatedTable(Generic[K, R]):
    """Rows by key and day. Two rows of one key that overlap are an error of the data file."""

    def __init__(self, rows: Iterable[tuple[K, R]]) -> None:
        grouped: dict[K, list[R]] = defaultdict(list)
        for key, row in rows:
            grouped[key].append(row)
        self._rows = {key: sorted(found, key=lambda r: r.valid_from) for key, found in grouped.items()}
        self._starts = {key: [r.valid_from for r in found] for key, found in self._rows.items()}
        for key, found in self._rows.items():
            _refuse_overlap(key, found)

    def on(self, key: K, day: date) -> R | None:
        """The row of `key` in force on `day`, or `None`."""
        starts = self._starts.get(key)
        if not starts:
            return None
        index = bisect_right(starts, day) - 1
        if index < 0:
            return None
        row = self._rows[key][index]
        return row if row.valid_to is None or day <= row.valid_to else None

    def __iter__(self) -> Iterator[tuple[K, R]]:
        """Every key with each of its rows, oldest first."""
        for key, found in self._rows.items():
            for row in found:
                yield key, row


def _refuse_overlap(key: Hashable, rows: list[R]) -> None:
    for before, after in pairwise(rows):
        if before.valid_to is None or before.valid_to >= after.valid_from:
            raise ValueError(f"rows of {key!r} overlap from {after.valid_from}")
