"""What arrived from sponsors: an administrator records a transfer for a month's statement, once per reference, also part of it.

The ledger of each practice learns its part (`toubib.services.payers`), in proportion to what the month still owes it, so that no
practice ever receives more than its visits were worth. A mistake is withdrawn: the entries are turned back, the row stays.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from toubib import i18n
from toubib.contracts.common import ContractError, Message, Money, Ref
from toubib.db import across_organisations, actor, session
from toubib.db.tables.directory import Organisation
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import payers, shares, trail
from toubib_sponsor import entitlements, house
from toubib_sponsor.models import Entitlement, Receipt, ReceiptPart
from toubib_sponsor.settings import Plan
from toubib_sponsor.texts import DOMAIN, say

KIND, RECORDED, WITHDRAWN = f"{DOMAIN}.receipt", f"{DOMAIN}.record_receipt", f"{DOMAIN}.withdraw_receipt"
"""What the audit trail calls it, and what is done to it."""
REFERENCE = re.compile(r"[0-9A-Za-z][0-9A-Za-z /.,:_+-]{0,59}")
"""Begins with a letter or digit, so that no table program takes it for a formula."""
SUM = say("Write an amount above zero, and at most what is still open: %(open)s.")
SAME = say("This reference is recorded already, with another amount or day. Withdraw that one first if it was wrong.")
NO_REFERENCE = say("Write the reference as the bank shows it: letters, digits, spaces and / . , : _ + - only.")
NOT_YET = say("The day on which it arrived lies in the future.")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A transfer that was recorded, under the bank's reference."""

    id: str
    reference: str
    on: date
    amount: Money


class Wrong(ContractError):
    """A field of what was typed, and why it cannot be taken."""

    def __init__(self, field: str, message: Message) -> None:
        super().__init__(message)
        self.field = field


def month_of(at: datetime | None) -> str:
    """The month of a statement, as `2026-03`, by the clock of the installation; "" for what is not settled."""
    return at.astimezone(ZoneInfo(i18n.zone())).strftime("%Y-%m") if at else ""


def standing(plan: Plan) -> Mapping[str, Sequence[Arrived]]:
    """What was recorded for a plan and not withdrawn, by month, the oldest first."""
    query = select(Receipt).where(Receipt.plan == plan.key, col(Receipt.withdrawn_at).is_(None))
    found: dict[str, list[Arrived]] = {}
    for row in session().exec(query.order_by(col(Receipt.received_on), col(Receipt.recorded_at), Receipt.id)):
        found.setdefault(row.month, []).append(Arrived(row.id, row.reference, row.received_on, Money(row.amount_minor, row.currency)))
    return found


def record(plan: Plan, month: str, amount: Money, received_on: date, reference: str) -> None:
    """A transfer arrived. The same reference with the same amount and day changes nothing. Raises `Wrong`.

    The caller has checked that the actor administers the house.
    """
    reference = " ".join(reference.split())
    if not REFERENCE.fullmatch(reference):
        raise Wrong("reference", NO_REFERENCE)
    if received_on > clock.now().astimezone(ZoneInfo(i18n.zone())).date():
        raise Wrong("received_on", NOT_YET)
    sponsor = _locked(plan)
    if _known(plan, month, amount, received_on, reference):
        return
    owed = open_by_practice(plan, month)
    if not 0 < amount.minor <= sum(owed.values()):
        raise Wrong("amount", Message(DOMAIN, SUM.key, {"open": Money(sum(owed.values()), plan.currency)}))
    row = Receipt(
        plan=plan.key,
        month=month,
        amount_minor=amount.minor,
        currency=plan.currency,
        received_on=received_on,
        reference=reference,
        recorded_by=actor().id,
    )
    session().add(row)
    session().flush()
    for organisation_id, minor in shares.apportion(amount.minor, owed).items():
        if minor:
            session().add(ReceiptPart(organisation_id=organisation_id, receipt_id=row.id, amount_minor=minor))
            payers.received(organisation_id, entitlements.payer(plan), Money(minor, plan.currency), row.id)
    session().flush()
    trail.wrote(RECORDED, Ref(KIND, row.id), organisation_id=sponsor.id, reason=f"{plan.key} {month}")


def _locked(plan: Plan) -> Organisation:
    """The sponsor itself, locked until the unit of work ends, so that two never record at once."""
    sponsor = house.organisation(plan, make=True)
    if sponsor is None:
        raise LookupError(f"plan {plan.key} has no organisation")
    return session().exec(select(Organisation).where(Organisation.id == sponsor.id).with_for_update(key_share=True)).one()


def _known(plan: Plan, month: str, amount: Money, received_on: date, reference: str) -> bool:
    same = select(Receipt).where(Receipt.plan == plan.key, Receipt.month == month, Receipt.reference == reference)
    row = session().exec(same.where(col(Receipt.withdrawn_at).is_(None))).first()
    if row is not None and (row.amount_minor, row.currency, row.received_on) != (amount.minor, amount.currency, received_on):
        raise Wrong("reference", SAME)
    return row is not None


def open_by_practice(plan: Plan, month: str) -> Mapping[str, int]:
    """What a month still owes each practice, in minor units; without those that were paid in full."""
    owed: dict[str, int] = {}
    with across_organisations("what a sponsor owes is told by amounts only, of every practice that it pays"):
        settled = select(Encounter.organisation_id, Entitlement).join(Encounter, col(Encounter.id) == Entitlement.encounter_id)
        for organisation_id, row in session().exec(settled.where(Entitlement.plan == plan.key, Entitlement.state == "consumed")):
            if month_of(row.settled_at) == month:
                owed[organisation_id] = owed.get(organisation_id, 0) + row.amount_minor
        paid = select(ReceiptPart).join(Receipt, col(Receipt.id) == ReceiptPart.receipt_id)
        for part in session().exec(paid.where(Receipt.plan == plan.key, Receipt.month == month, col(Receipt.withdrawn_at).is_(None))):
            owed[part.organisation_id] = owed.get(part.organisation_id, 0) - part.amount_minor
    return {organisation_id: minor for organisation_id, minor in sorted(owed.items()) if minor > 0}


def withdraw(plan: Plan, month: str, receipt_id: str) -> bool:
    """It was a mistake: the practices' books are turned back. Twice changes nothing; false for what is not of this statement."""
    sponsor = _locked(plan)
    row = session().get(Receipt, receipt_id, populate_existing=True)
    if row is None or (row.plan, row.month) != (plan.key, month):
        return False
    if row.withdrawn_at is not None:
        return True
    for part in session().exec(select(ReceiptPart).where(ReceiptPart.receipt_id == row.id)).all():
        payers.taken_back(part.organisation_id, entitlements.payer(plan), Money(part.amount_minor, row.currency), row.id)
    row.withdrawn_at, row.withdrawn_by = clock.now(), actor().id
    session().flush()
    trail.wrote(WITHDRAWN, Ref(KIND, row.id), organisation_id=sponsor.id, reason=f"{plan.key} {month}")
    return True
