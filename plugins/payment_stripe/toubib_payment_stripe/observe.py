"""Reading Stripe's objects: what they say of an attempt, in the contract's words."""

from datetime import UTC, datetime

import stripe

from toubib.contracts.common import ContractError, Message
from toubib.contracts.payment import Attempt, Observed, ObservedState

MARK = "toubib_attempt"
"""The metadata key that says which attempt an object belongs to."""
DECLINED = Message("payment_stripe", "The bank refused the card. Nothing was taken. Use another card, or call your bank.")
POOR = Message("payment_stripe", "The bank refused the card: the balance is too low. Nothing was taken. Use another card.")
UNPROVEN = Message("payment_stripe", "Your bank could not confirm that it is you. Nothing was taken. Try again, or use another card.")
EXPIRED_CARD = Message("payment_stripe", "This card has expired. Nothing was taken. Use another card.")
REASONS = {
    "insufficient_funds": POOR,
    "authentication_required": UNPROVEN,
    "authentication_failed": UNPROVEN,
    "payment_intent_authentication_failure": UNPROVEN,
    "setup_intent_authentication_failure": UNPROVEN,
    "expired_card": EXPIRED_CARD,
}
WAITING = frozenset({"requires_payment_method", "requires_confirmation", "requires_action", "processing"})


def of_session(attempt: Attempt, session: stripe.checkout.Session) -> Observed:
    """What an expanded Checkout Session says; its intent is the truth as soon as there is one."""
    check_owner(attempt, session.metadata)
    intent = session.payment_intent
    over = session.status == "expired"
    if isinstance(intent, stripe.PaymentIntent) and not (over and intent.status in WAITING):
        return of_intent(attempt, intent, on_page=True)
    setup = session.setup_intent
    if isinstance(setup, stripe.SetupIntent) and setup.status == "succeeded":
        return _saved(attempt, setup.payment_method)
    error = setup.last_setup_error if isinstance(setup, stripe.SetupIntent) else None
    state = ObservedState.EXPIRED if over else ObservedState.PENDING
    return Observed(state, attempt.amount.currency, reason=_reason(error.code, error.decline_code) if error else None)


def _saved(attempt: Attempt, method: object) -> Observed:
    """A saved card, or one that was taken off its customer since: that one can never be used again."""
    customer = getattr(method, "customer", None)
    if customer is None:
        return Observed(ObservedState.VOIDED, attempt.amount.currency)
    return Observed(ObservedState.METHOD_SAVED, attempt.amount.currency, saved_method=f"{_id(customer)}/{_id(method)}")


def of_intent(attempt: Attempt, intent: stripe.PaymentIntent, *, on_page: bool) -> Observed:
    """What an expanded PaymentIntent says. On a page a refusal is not the end: the payer may use another card.

    As long as the page is open, the page stays the reference, since it is the page that can be closed.
    """
    check_owner(attempt, intent.metadata)
    charge = intent.latest_charge if isinstance(intent.latest_charge, stripe.Charge) else None
    error = intent.last_payment_error
    held, state = intent.status == "requires_capture", _state(intent, on_page=on_page)
    return Observed(
        state=state,
        currency=intent.currency.upper(),
        authorised=intent.amount_capturable if held else intent.amount if intent.status == "succeeded" else 0,
        captured=intent.amount_received,
        refunded=charge.amount_refunded if charge and charge.captured else 0,
        expires_at=_until(charge) if held else None,
        reason=_reason(error.code, error.decline_code) if error else None,
        provider_ref="" if state is ObservedState.PENDING and on_page else intent.id,
    )


def check_owner(attempt: Attempt, metadata: object) -> None:
    """Refuse an object that was made for another attempt; raises `ContractError`."""
    if getattr(metadata, MARK, None) != attempt.id:
        raise ContractError(Message("payment_stripe", "This payment belongs to something else. Nothing was changed. Call the practice."))


def _state(intent: stripe.PaymentIntent, *, on_page: bool) -> ObservedState:
    if intent.status == "requires_capture":
        return ObservedState.AUTHORISED
    if intent.status == "succeeded":
        return ObservedState.CAPTURED
    if intent.status == "canceled":
        return ObservedState.EXPIRED if intent.cancellation_reason in {"expired", "automatic"} else ObservedState.VOIDED
    if intent.status == "requires_payment_method" and not on_page:
        return ObservedState.FAILED
    return ObservedState.PENDING


def _until(charge: stripe.Charge | None) -> datetime | None:
    card = charge.payment_method_details.card if charge and charge.payment_method_details else None
    return datetime.fromtimestamp(card.capture_before, UTC) if card and card.capture_before else None


def _reason(code: str | None, decline: str | None) -> Message:
    return REASONS.get(decline or "", REASONS.get(code or "", DECLINED))


def _id(value: object) -> str:
    return str(getattr(value, "id", value))
