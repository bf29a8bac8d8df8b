"""What a sponsor owes, month by month, and what of it arrived: reference, day, kind in neutral words, amount.

Nothing of the person, the subject, the practitioner or the practice.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select

from toubib.contracts.common import Message, Money
from toubib.db import across_organisations, session
from toubib_sponsor import receipts
from toubib_sponsor.models import Entitlement
from toubib_sponsor.receipts import Arrived
from toubib_sponsor.settings import Plan
from toubib_sponsor.texts import KINDS, say, words

UNKNOWN_KIND = say("Consultation")
RECEIVED = say("Payment received")


@dataclass(frozen=True, slots=True)
class Line:
    """One settled consultation."""

    reference: str
    on: date
    kind: Message
    amount: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """A month of one plan. `month` is `2026-03`, by the clock of the installation."""

    plan: Plan
    month: str
    lines: tuple[Line, ...]
    arrived: tuple[Arrived, ...] = ()

    @property
    def total(self) -> Money:
        """What the month's consultations cost the sponsor."""
        return Money(sum(line.amount.minor for line in self.lines), self.plan.currency)

    @property
    def received(self) -> Money:
        """What of it arrived, as it was recorded."""
        return Money(sum(arrived.amount.minor for arrived in self.arrived), self.plan.currency)

    @property
    def open(self) -> Money:
        """What is still owed."""
        return self.total - self.received


def _rows(plan: Plan) -> Sequence[Entitlement]:
    query = select(Entitlement).where(Entitlement.plan == plan.key, Entitlement.state == "consumed")
    with across_organisations("a sponsor reads references and amounts only, of every practice that it pays"):
        return session().exec(query.order_by(col(Entitlement.care_on), col(Entitlement.reference))).all()


def months(plan: Plan) -> list[Statement]:
    """Every month in which something was settled, newest first. The lines of a month that is over never change."""
    found: dict[str, list[Line]] = {}
    for row in _rows(plan):
        found.setdefault(receipts.month_of(row.settled_at), []).append(_line(row))
    arrived = receipts.standing(plan)
    return [Statement(plan, month, tuple(lines), tuple(arrived.get(month, ()))) for month, lines in sorted(found.items(), reverse=True)]


def one(plan: Plan, month: str) -> Statement:
    """A month, empty when nothing was settled in it."""
    return next((s for s in months(plan) if s.month == month), Statement(plan, month, ()))


def _line(row: Entitlement) -> Line:
    return Line(row.reference, row.care_on, KINDS.get(row.kind, UNKNOWN_KIND), Money(row.amount_minor, row.currency))


def as_csv(statement: Statement) -> str:
    """The month as CSV: its lines, their total, what arrived (below zero), what is open; in minor units, so that no reader rounds them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["reference", "date", "kind", "amount_minor", "currency"])
    for line in statement.lines:
        writer.writerow([line.reference, line.on.isoformat(), words(line.kind), line.amount.minor, line.amount.currency])
    writer.writerow(["total", statement.month, "", statement.total.minor, statement.total.currency])
    for paid in statement.arrived:
        writer.writerow([paid.reference, paid.on.isoformat(), words(RECEIVED), -paid.amount.minor, paid.amount.currency])
    writer.writerow(["open", statement.month, "", statement.open.minor, statement.open.currency])
    return out.getvalue()
