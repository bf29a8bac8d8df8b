"""What happens when a card is asked for money: refusal, challenge, authorisation, capture, release, refund."""

from typing import Any

from toubib_payment_stripe.double import ledger
from toubib_payment_stripe.double.cardholder import attach_now, card_of, declined
from toubib_payment_stripe.double.store import Record
from toubib_payment_stripe.double.wire import ApiError, invalid
from toubib_payment_stripe.double.world import Scope

Json = dict[str, Any]
AUTHORISATION_SECONDS = 7 * 86_400


def try_card(scope: Scope, intent: Record, method: Record, *, off_session: bool, return_url: str | None) -> None:
    """Ask the card; the intent ends authorised, captured, waiting for a challenge, or refused with `ApiError` 402."""
    _check_usable(intent, method, off_session=off_session)
    intent.body["payment_method"] = method.id
    intent.body["next_action"] = None
    card = card_of(method)
    if card.decline:
        raise refuse(scope, intent, method, card.decline)
    if card.authentication == "always" or (card.authentication == "until_saved" and not method.hidden["authenticated"]):
        if off_session:
            raise refuse(scope, intent, method, "authentication_required")
        challenge(scope, intent, return_url)
        return
    approve(scope, intent, method)


def _check_usable(intent: Record, method: Record, *, off_session: bool) -> None:
    owner = method.body["customer"]
    if owner and owner != intent.body["customer"]:
        raise invalid("The provided PaymentMethod belongs to another customer; pass that customer with it.", "payment_method")
    if not owner and (method.hidden["used"] or off_session):
        raise invalid("The provided PaymentMethod is not attached to a Customer and cannot be used again or off session.", "payment_method")


def challenge(scope: Scope, intent: Record, return_url: str | None) -> None:
    """The bank wants to see the payer: the intent waits for the 3-D Secure page."""
    page = {"url": f"{scope.world.config.base_url}/3ds/{intent.id}", "return_url": return_url}
    intent.body["status"] = "requires_action"
    intent.body["next_action"] = {"type": "redirect_to_url", "redirect_to_url": page}
    intent.hidden["return_url"] = return_url
    scope.save(intent)
    scope.emit("payment_intent.requires_action", intent)


def approve(scope: Scope, intent: Record, method: Record) -> None:
    """The bank agreed: hold the amount, or take it at once when the intent captures automatically."""
    manual = intent.body["capture_method"] == "manual"
    charge = _charge(scope, intent, method, status="succeeded")
    if manual:
        charge.body["payment_method_details"]["card"]["capture_before"] = scope.now() + AUTHORISATION_SECONDS
    scope.save(charge)
    method.hidden["used"] = True
    scope.save(method)
    intent.body |= {"latest_charge": charge.id, "last_payment_error": None, "next_action": None, "amount_capturable": intent.body["amount"]}
    if intent.body["setup_future_usage"] and intent.body["customer"] and not method.body["customer"]:
        attach_now(scope, method, intent.body["customer"])
    intent.body["status"] = "requires_capture"
    scope.save(intent)
    scope.emit("charge.succeeded", charge)
    if manual:
        scope.emit("payment_intent.amount_capturable_updated", intent)
    else:
        take(scope, intent, intent.body["amount"])


def refuse(scope: Scope, intent: Record, method: Record | None, decline: str) -> ApiError:
    """The bank refused: record it on the intent and return the error to raise."""
    error = declined(decline, None)
    if method is not None:
        charge = _charge(scope, intent, method, status="failed")
        charge.body |= {"failure_code": error.fields["code"], "failure_message": error.fields["message"]}
        scope.save(charge)
        scope.emit("charge.failed", charge)
        intent.body["latest_charge"] = charge.id
    intent.body |= {"status": "requires_payment_method", "payment_method": None, "next_action": None, "last_payment_error": dict(error.fields)}
    scope.save(intent)
    scope.emit("payment_intent.payment_failed", intent)
    error.fields["payment_intent"] = intent.body
    return error


def take(scope: Scope, intent: Record, amount: int) -> None:
    """Capture `amount` and release the rest; since 2025-03-31 no Refund object stands for the rest."""
    charge = scope.get("charge", intent.body["latest_charge"])
    charge.body |= {"captured": True, "amount_captured": amount}
    charge.body["balance_transaction"] = ledger.post(scope, "charge", charge, amount)
    scope.save(charge)
    intent.body |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
    scope.save(intent)
    scope.emit("charge.captured", charge)
    scope.emit("payment_intent.succeeded", intent)


def release(scope: Scope, intent: Record, reason: str | None) -> None:
    """Cancel the intent; an uncaptured authorisation goes back to the card."""
    held = intent.body["status"] == "requires_capture"
    intent.body |= {"status": "canceled", "cancellation_reason": reason, "canceled_at": scope.now(), "amount_capturable": 0, "next_action": None}
    scope.save(intent)
    if held and reason == "expired":
        scope.emit("charge.expired", scope.get("charge", intent.body["latest_charge"]))
    scope.emit("payment_intent.canceled", intent)


def lapse(scope: Scope, intent: Record) -> bool:
    """Release an authorisation whose seven days are over; whether it was."""
    if intent.body["status"] != "requires_capture":
        return False
    charge = scope.get("charge", intent.body["latest_charge"])
    if scope.now() < charge.body["payment_method_details"]["card"]["capture_before"]:
        return False
    release(scope, intent, "expired")
    return True


def _charge(scope: Scope, intent: Record, method: Record, status: str) -> Record:
    card = method.body["card"]
    details = {"type": "card", "card": {"brand": card["brand"], "last4": card["last4"], "exp_month": 12, "exp_year": 2034, "country": "FR"}}
    body = {name: intent.body[name] for name in ("amount", "currency", "customer", "description", "metadata", "receipt_email")}
    body |= {
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": False,
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "paid": status == "succeeded",
        "payment_intent": intent.id,
        "payment_method": method.id,
        "payment_method_details": details,
        "refunded": False,
        "status": status,
    }
    return scope.make("charge", body)
