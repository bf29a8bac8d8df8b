"""Dated values of a pack's data file: found by rule and day, each with its source and how sure it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from toubib.contracts.common import Message, MessageParam
from toubib.contracts.reasons import Confidence, Why
from toubib.services.country_basics import rows_of


@dataclass(frozen=True, slots=True)
class DatedValue:
    """One value of a rule. `valid_to` is the last day it holds; `None` while it is in force."""

    rule: str
    value: int
    valid_from: date
    valid_to: date | None
    confidence: Confidence
    source: str
    label: str

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class DatedValues:
    """The rows `rule,value,valid_from,valid_to,confidence,source,label` of a package's data file.

    Two rows of one rule that overlap stop the start. `trusted` names rules of low confidence that a person of the installation
    confirmed: they hold as medium ones; without that, a row of low confidence is found by nobody.
    """

    def __init__(self, package: str, name: str, domain: str, trusted: frozenset[str] = frozenset()) -> None:
        self._package, self._name, self._domain, self._trusted = package, name, domain, trusted

    @cached_property
    def _rows(self) -> Mapping[str, tuple[DatedValue, ...]]:
        found: dict[str, list[DatedValue]] = {}
        for cell in rows_of(self._package, self._name):
            row = _row(cell)
            if any(former.valid_to is None or former.valid_to >= row.valid_from for former in found.get(row.rule, ())):
                raise ValueError(f"rows of {row.rule!r} overlap from {row.valid_from}, or are not in order")
            found.setdefault(row.rule, []).append(row)
        return {rule: tuple(rows) for rule, rows in found.items()}

    def known(self, rule: str, day: date) -> DatedValue | None:
        """The row in force on a day, however sure it is."""
        return next((row for row in self._rows.get(rule, ()) if row.holds_on(day)), None)

    def on(self, rule: str, day: date) -> DatedValue | None:
        """The row that may move money on a day: in force, and not of low confidence unless confirmed here."""
        row = self.known(rule, day)
        return None if row is None or (row.confidence is Confidence.LOW and rule not in self._trusted) else row

    def rules(self) -> Iterator[str]:
        """Every rule of the file."""
        return iter(self._rows)

    def why(self, row: DatedValue, **params: MessageParam) -> Why:
        """The row as a reason: its label in the pack's catalogue, with the parameters of the case (`value` is the row's own)."""
        confirmed = row.confidence is Confidence.LOW and row.rule in self._trusted
        sentence = Message(self._domain, row.label, {"value": row.value, **params})
        return Why(row.rule, sentence, row.source, row.valid_from, Confidence.MEDIUM if confirmed else row.confidence)

    def every(self, **params: MessageParam) -> Iterator[tuple[DatedValue, Why]]:
        """Every row with its reason, for the list of rules in use."""
        for rows in self._rows.values():
            for row in rows:
                yield row, self.why(row, **params)


def _row(cell: Mapping[str, str]) -> DatedValue:
    return DatedValue(
        cell["rule"],
        int(cell["value"]),
        date.fromisoformat(cell["valid_from"]),
        date.fromisoformat(cell["valid_to"]) if cell["valid_to"] else None,
        Confidence(cell["confidence"]),
        cell["source"],
        cell["label"],
    )
