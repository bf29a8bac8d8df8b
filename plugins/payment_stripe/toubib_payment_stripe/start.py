"""What is asked of Stripe when an attempt begins: pure functions from the attempt to parameters."""

from datetime import datetime, timedelta
from typing import Any

from toubib.contracts.common import ContractError, Message
from toubib.contracts.payment import Attempt, PaymentMode
from toubib_payment_stripe.observe import MARK

LANGUAGES = frozenset(
    {"bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "ja", "ko", "lt", "lv"}
    | {"ms", "mt", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh"}
)
"""What the hosted page speaks; for any other language it goes by the browser."""
PAGE_OUTLIVES_HOLD = timedelta(minutes=31)
"""Stripe refuses a page shorter than 30 minutes, so it outlives the hold; the core calls `abandon` when the hold ends."""
PAGE_AT_LEAST, PAGE_AT_MOST = timedelta(minutes=30), timedelta(hours=24)
LONGEST_NAME = 250


def page(attempt: Attempt, return_url: str, now: datetime) -> dict[str, Any]:
    """A Checkout Session: the hosted page of Stripe where the payer authorises, pays, or saves a card."""
    common: dict[str, Any] = {
        "success_url": return_url,
        "cancel_url": return_url,
        "client_reference_id": attempt.id,
        "metadata": {MARK: attempt.id},
        "locale": attempt.locale if attempt.locale in LANGUAGES else "auto",
        "branding_settings": {"display_name": attempt.payee_name[:LONGEST_NAME]},
    }
    if attempt.payer_email:
        common["customer_email"] = attempt.payer_email
    end = _end(attempt, now)
    if end is not None:
        common["expires_at"] = int(end.timestamp())
    return common | (_setup(attempt) if attempt.mode is PaymentMode.SAVE_METHOD else _payment(attempt))


def hold(attempt: Attempt) -> dict[str, Any]:
    """A PaymentIntent on a card saved earlier, with the payer away."""
    customer, _slash, method = attempt.saved_method.partition("/")
    return {
        "amount": attempt.amount.minor,
        "currency": attempt.amount.currency.lower(),
        "capture_method": _capture(attempt),
        "allowed_payment_method_types": ["card"],
        "customer": customer,
        "payment_method": method,
        "off_session": True,
        "confirm": True,
        "description": attempt.label,
        "metadata": {MARK: attempt.id},
    }


def _payment(attempt: Attempt) -> dict[str, Any]:
    price = {"currency": attempt.amount.currency.lower(), "unit_amount": attempt.amount.minor, "product_data": {"name": attempt.label[:LONGEST_NAME]}}
    return {
        "mode": "payment",
        "allowed_payment_method_types": ["card"],
        "line_items": [{"quantity": 1, "price_data": price}],
        "payment_intent_data": {"capture_method": _capture(attempt), "description": attempt.label, "metadata": {MARK: attempt.id}},
    }


def _setup(attempt: Attempt) -> dict[str, Any]:
    return {
        "mode": "setup",
        "currency": attempt.amount.currency.lower(),
        "allowed_payment_method_types": ["card"],
        "customer_creation": "always",
        "setup_intent_data": {"description": attempt.label, "metadata": {MARK: attempt.id}},
    }


def _capture(attempt: Attempt) -> str:
    return "automatic" if attempt.mode is PaymentMode.CHARGE else "manual"


def _end(attempt: Attempt, now: datetime) -> datetime | None:
    """When the page closes by itself; None for Stripe's own 24 hours. A function of the attempt, so that a repeated call asks the same.

    A page that follows a refused saved card comes long after any hold.
    """
    if attempt.saved_method:
        return None
    end = attempt.expires_at + PAGE_OUTLIVES_HOLD
    if end < now + PAGE_AT_LEAST:
        raise ContractError(Message("payment_stripe", "The time held for you is over. Nothing was taken. Choose a time again."))
    return end if end <= now + PAGE_AT_MOST else None
