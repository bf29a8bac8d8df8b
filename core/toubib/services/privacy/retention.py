"""What the law makes a practice keep, and until when: by the country of each organisation, counted from the last contact there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from toubib import runtime
from toubib.contracts.common import Message
from toubib.db import session
from toubib.db.tables.claims import Claim
from toubib.db.tables.directory import Organisation
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import CreditNote, Invoice, MoneyDue
from toubib.runtime import NotConfigured
from toubib.seams import clock
from toubib.services.privacy.walk import Found

RECORD, INVOICE = "record", "invoice"
"""Kinds as countries name them (`Country.retention_years`)."""

CARED = ("arrived", "in-progress", "finished", "settled")
PAID = ("secured", "settled", "refunded")


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that stays, at whom, until when, and why. `until` is empty where the law names no end or nobody wrote it down."""

    kind: str
    title: Message
    organisation_id: str
    organisation: str
    until: date | None
    why: Message


TITLES = {
    RECORD: Message("toubib", "The record of your visits"),
    INVOICE: Message("toubib", "Invoices, payments and claims"),
}
BY_LAW = "The law of the practice's country makes it keep this for %(years)s years after your last visit or payment there."
NO_RULE = "No rule of the practice's country is known here, so this stays until a person decides."
TRAIL = Kept(
    "trail",
    Message("toubib", "Who read or changed your record, and when"),
    "",
    "",
    None,
    Message("toubib", "It proves what happened, holds nothing of what your record says, and cannot be changed by anybody."),
)


def kept(found: Found) -> Sequence[Kept]:
    """What of a person's rows must stay now, practice by practice."""
    cared = [row for row in found.get(Encounter, ()) if row.status in CARED]
    paid = [*found.get(Invoice, ()), *found.get(CreditNote, ()), *found.get(Claim, ()), *(due for due in found.get(MoneyDue, ()) if due.status in PAID)]
    return [*_of(RECORD, cared, lambda row: row.ended_at or row.admitted_at or row.created_at), *_of(INVOICE, paid, _booked_at)]


def _booked_at(row: Any) -> datetime:
    at: datetime = row.issued_at if isinstance(row, Invoice | CreditNote) else row.created_at
    return at


def _of(kind: str, rows: Sequence[Any], at: Callable[[Any], datetime]) -> Sequence[Kept]:
    last: dict[str, datetime] = {}
    for row in rows:
        last[row.organisation_id] = max(at(row), last.get(row.organisation_id, at(row)))
    return [found for organisation_id, moment in last.items() if (found := _at(kind, organisation_id, moment))]


def _at(kind: str, organisation_id: str, last: datetime) -> Kept | None:
    organisation = session().get_one(Organisation, organisation_id)
    years = _years(kind, organisation.country)
    if years is None:
        return Kept(kind, TITLES[kind], organisation.id, organisation.name, None, Message("toubib", NO_RULE))
    until = _later(last.date(), years)
    if until < clock.now().date():
        return None
    return Kept(kind, TITLES[kind], organisation.id, organisation.name, until, Message("toubib", BY_LAW, {"years": years}))


def _years(kind: str, country: str) -> int | None:
    try:
        return runtime.current().country(country).retention_years(kind)
    except NotConfigured:
        return None


def _later(day: date, years: int) -> date:
    """The same day years later; the first of March for a leap day."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
