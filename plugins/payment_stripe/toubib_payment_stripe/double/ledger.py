"""The double's own book: one balance transaction for each movement of money."""

from typing import Any

from toubib_payment_stripe.double.store import Record
from toubib_payment_stripe.double.world import Scope

FEE_PERCENT_TENTHS = 15
FEE_FIXED = 25


def fee(amount: int) -> int:
    """A fee of 1.5 % + 0.25, rounded half up: an invented tariff, so that gross and net differ as they do in life."""
    return (amount * FEE_PERCENT_TENTHS + 500) // 1000 + FEE_FIXED


def post(scope: Scope, kind: str, source: Record, amount: int) -> str:
    """Book a movement (`charge`, `refund`, `refund_failure`), signed from the account's point of view; returns its id."""
    cost = fee(amount) if kind == "charge" else 0
    body: dict[str, Any] = {
        "amount": amount,
        "net": amount - cost,
        "fee": cost,
        "fee_details": [{"amount": cost, "currency": source.body["currency"], "type": "stripe_fee", "description": None, "application": None}] if cost else [],
        "currency": source.body["currency"],
        "available_on": scope.now() + 7 * 86_400,
        "balance_type": "payments",
        "description": None,
        "exchange_rate": None,
        "reporting_category": kind,
        "source": source.id,
        "status": "pending",
        "type": kind,
    }
    return scope.make("balance_transaction", body).id
