"""Monthly statements of shares: what was earned, by whom, under a reference that says nothing of the patient."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from toubib.contracts.common import Money
from toubib.seams import clock
from toubib.services import shares
from toubib.services.shares import StatementLine


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the calendar of a zone."""

    year: int
    month: int
    zone: str

    @property
    def name(self) -> str:
        """As in `2026-03`."""
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def start(self) -> datetime:
        """Its first instant."""
        return datetime(self.year, self.month, 1, tzinfo=ZoneInfo(self.zone))

    def shifted(self, months: int) -> "Month":
        """So many months later, or earlier below zero."""
        count = self.year * 12 + self.month - 1 + months
        return Month(count // 12, count % 12 + 1, self.zone)


def month_of(typed: str, zone: str) -> Month:
    """The month that somebody asks for; the running one when it cannot be read."""
    year, _, month = typed.partition("-")
    if year.isdecimal() and month.isdecimal() and len(year) == 4 and 1 <= int(month) <= 12 and int(year) > 0:
        return Month(int(year), int(month), zone)
    today = clock.now().astimezone(ZoneInfo(zone))
    return Month(today.year, today.month, zone)


def lines(party: str, month: Month, organisation_ids: Sequence[str] = ()) -> Sequence[StatementLine]:
    """What moved for somebody in a month."""
    return shares.statement(party, month.start, month.shifted(1).start, organisation_ids)


def totals(found: Sequence[StatementLine]) -> Sequence[Money]:
    """The sum in each currency, by its code."""
    sums: dict[str, int] = {}
    for line in found:
        sums[line.amount.currency] = sums.get(line.amount.currency, 0) + line.amount.minor
    return [Money(minor, currency) for currency, minor in sorted(sums.items())]


def as_csv(found: Sequence[StatementLine], zone: str) -> str:
    """The statement for a spreadsheet: day, reference, journey, amount in minor units, currency."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("day", "reference", "journey", "amount_minor", "currency"))
    for line in found:
        writer.writerow((line.at.astimezone(ZoneInfo(zone)).date().isoformat(), line.reference, line.journey, line.amount.minor, line.amount.currency))
    return out.getvalue()
