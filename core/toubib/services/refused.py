"""Refunds that a provider refused: nothing was given back, and nothing will be until a person looks at why and tries again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select

from toubib.contracts.common import Money
from toubib.db import session
from toubib.db.tables.money import PaymentAttempt, ProviderCall
from toubib.db.wall import across_organisations
from toubib.services import attempts, orders

WHY = "whoever runs the installation mends what a payment service refused to any practice; no patient is named"


@dataclass(frozen=True, slots=True)
class RefusedRefund:
    """What shall be given back and was refused. `provider_ref` is how the provider calls the payment."""

    call_id: str
    organisation_id: str
    provider: str
    provider_ref: str
    amount: Money
    at: datetime


def refused_refunds() -> Sequence[RefusedRefund]:
    """Refused refunds whose money is still here, oldest first. What was given back at the provider itself is none any more."""
    with across_organisations(WHY):
        return list(_found())


def _found() -> Iterator[RefusedRefund]:
    query = (
        select(ProviderCall, PaymentAttempt)
        .join(PaymentAttempt, col(PaymentAttempt.id) == ProviderCall.attempt_id)
        .where(ProviderCall.verb == "refund", ProviderCall.status == orders.REFUSED)
    )
    for call, row in session().exec(query.order_by(col(ProviderCall.answered_at), ProviderCall.id)):
        minor = min(call.amount_minor, orders.refundable(row))
        if minor > 0:
            at = call.answered_at or call.created_at
            yield RefusedRefund(call.id, row.organisation_id, row.provider, row.provider_ref, Money(minor, row.currency), at)


def refund_again(call_id: str) -> str | None:
    """Order a refused refund anew, at most what is still here; the new order's id, `None` when there is nothing to try again.

    Under a key of its own: providers repeat their refusal to the old one. Joins the unit of work.
    """
    with across_organisations(WHY):
        call = session().get(ProviderCall, call_id)
        return _again(call) if call and call.verb == "refund" else None


def _again(call: ProviderCall) -> str | None:
    due, row = attempts.locked(call.attempt_id)
    session().refresh(call)
    minor = min(call.amount_minor, orders.refundable(row))
    if call.status != orders.REFUSED or minor < 1:
        return None
    call.status = orders.DROPPED
    made = session().exec(select(func.count()).select_from(ProviderCall).where(ProviderCall.attempt_id == row.id)).one()
    return orders.order_again(due, row, minor, made)
