"""SetupIntents: a card is checked and saved, and nothing is taken."""

from typing import Any

from toubib_payment_stripe.double.cardholder import attach_now, card_of, declined, find_method
from toubib_payment_stripe.double.store import Record
from toubib_payment_stripe.double.wire import ApiError, invalid
from toubib_payment_stripe.double.world import Scope

Json = dict[str, Any]
OPEN = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


def create(scope: Scope, _ref: str, params: Json) -> Json:
    """`POST /v1/setup_intents`."""
    intent = new_intent(scope, params)
    return confirm(scope, intent.id, params) if params.get("confirm") else intent.body


def new_intent(scope: Scope, params: Json) -> Record:
    """A setup that no card has been tried on."""
    if params.get("customer"):
        scope.get("customer", params["customer"])
    body = {
        "customer": params.get("customer"),
        "description": params.get("description"),
        "metadata": params.get("metadata") or {},
        "usage": params.get("usage", "off_session"),
        "payment_method": None,
        "payment_method_types": ["card"],
        "cancellation_reason": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "mandate": None,
        "next_action": None,
        "status": "requires_payment_method",
    }
    return scope.open("setup_intent", body)


def retrieve(scope: Scope, ref: str, _params: Json) -> Json:
    """`GET /v1/setup_intents/{id}`."""
    return scope.get("setup_intent", ref).body


def confirm(scope: Scope, ref: str, params: Json) -> Json:
    """`POST /v1/setup_intents/{id}/confirm`."""
    intent = scope.get("setup_intent", ref)
    if intent.body["status"] not in OPEN:
        raise invalid(f"You cannot confirm this SetupIntent because it has a status of {intent.body['status']}.", code="setup_intent_unexpected_state")
    if not params.get("payment_method"):
        raise invalid("You cannot confirm this SetupIntent because it's missing a payment method.", "payment_method", "parameter_missing")
    try_card(scope, intent, find_method(scope, params["payment_method"]), params.get("return_url"))
    return intent.body


def cancel(scope: Scope, ref: str, params: Json) -> Json:
    """`POST /v1/setup_intents/{id}/cancel`."""
    intent = scope.get("setup_intent", ref)
    if intent.body["status"] not in OPEN:
        raise invalid(f"You cannot cancel this SetupIntent because it has a status of {intent.body['status']}.", code="setup_intent_unexpected_state")
    close(scope, intent, params.get("cancellation_reason"))
    return intent.body


def close(scope: Scope, intent: Record, reason: str | None) -> None:
    """End a setup without a saved card."""
    intent.body |= {"status": "canceled", "cancellation_reason": reason, "next_action": None}
    scope.save(intent)
    scope.emit("setup_intent.canceled", intent)


def try_card(scope: Scope, intent: Record, method: Record, return_url: str | None) -> None:
    """Ask the bank to let the card be saved; raises `ApiError` 402 when it refuses."""
    card = card_of(method)
    intent.body["payment_method"] = method.id
    if not card.saves:
        raise refuse(scope, intent, card.decline or "")
    if card.authentication != "never":
        page = {"url": f"{scope.world.config.base_url}/3ds/{intent.id}", "return_url": return_url}
        intent.body |= {"status": "requires_action", "next_action": {"type": "redirect_to_url", "redirect_to_url": page}}
        intent.hidden["return_url"] = return_url
        scope.save(intent)
        scope.emit("setup_intent.requires_action", intent)
        return
    approve(scope, intent, method)


def approve(scope: Scope, intent: Record, method: Record) -> None:
    """The card is saved for its customer."""
    method.hidden["authenticated"] = True
    scope.save(method)
    if intent.body["customer"]:
        attach_now(scope, method, intent.body["customer"])
    intent.body |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    scope.save(intent)
    scope.emit("setup_intent.succeeded", intent)


def refuse(scope: Scope, intent: Record, decline: str) -> ApiError:
    """The bank refused: record it and return the error to raise."""
    error = declined(decline, None)
    intent.body |= {"status": "requires_payment_method", "payment_method": None, "next_action": None, "last_setup_error": dict(error.fields)}
    scope.save(intent)
    scope.emit("setup_intent.setup_failed", intent)
    error.fields["setup_intent"] = intent.body
    return error
