"""PaymentIntents: what the merchant asks of them. How a card answers is in `charges`."""

from typing import Any

from babel.numbers import is_currency

from toubib_payment_stripe.double import charges
from toubib_payment_stripe.double.cardholder import find_method
from toubib_payment_stripe.double.store import Record
from toubib_payment_stripe.double.wire import ApiError, invalid
from toubib_payment_stripe.double.world import Scope

Json = dict[str, Any]
LEAST, MOST = 50, 99_999_999
CANCELLABLE = frozenset({"requires_payment_method", "requires_capture", "requires_confirmation", "requires_action"})
CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


def create(scope: Scope, _ref: str, params: Json) -> Json:
    """`POST /v1/payment_intents`."""
    intent = new_intent(scope, params)
    if params.get("confirm"):
        return confirm(scope, intent.id, params)
    return intent.body


def new_intent(scope: Scope, params: Json) -> Record:
    """An intent that no card has been tried on."""
    check_amount(params["amount"], params["currency"], "amount")
    if params.get("customer"):
        scope.get("customer", params["customer"])
    if params.get("off_session") and not params.get("confirm"):
        raise invalid("`off_session` can only be used with `confirm=true`.", "off_session")
    body = {name: params.get(name) for name in ("amount", "customer", "description", "receipt_email", "setup_future_usage", "statement_descriptor_suffix")}
    body |= {
        "currency": params["currency"],
        "capture_method": params.get("capture_method", "automatic_async"),
        "metadata": params.get("metadata") or {},
        "payment_method": find_method(scope, params["payment_method"]).id if params.get("payment_method") else None,
        "payment_method_types": params.get("allowed_payment_method_types") or ["card"],
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "client_secret": None,
        "last_payment_error": None,
        "latest_charge": None,
        "next_action": None,
        "status": "requires_confirmation" if params.get("payment_method") else "requires_payment_method",
    }
    return scope.open("payment_intent", body)


def check_amount(amount: int, currency: str, param: str) -> None:
    """Refuse an unknown currency and an amount that no card scheme takes."""
    if not currency.islower() or not is_currency(currency.upper()):
        raise invalid(f"Invalid currency: {currency}.", "currency")
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", param, "parameter_invalid_integer")
    if amount < LEAST:
        raise invalid("Amount must convert to at least 50 cents.", param, "amount_too_small")
    if amount > MOST:
        raise invalid("Amount must be no more than 999,999.99.", param, "amount_too_large")


def retrieve(scope: Scope, ref: str, _params: Json) -> Json:
    """`GET /v1/payment_intents/{id}`."""
    return scope.get("payment_intent", ref).body


def confirm(scope: Scope, ref: str, params: Json) -> Json:
    """`POST /v1/payment_intents/{id}/confirm`."""
    intent = scope.get("payment_intent", ref)
    if intent.body["status"] not in CONFIRMABLE:
        raise unexpected(intent, "confirm")
    named = params.get("payment_method") or intent.body["payment_method"]
    if not named:
        raise invalid("You cannot confirm this PaymentIntent because it's missing a payment method.", "payment_method", "payment_intent_unexpected_state")
    if not params.get("off_session") and not params.get("return_url") and not params.get("allowed_payment_method_types"):
        raise invalid(
            "This PaymentIntent is configured to accept payment methods that might redirect. To confirm it, provide a `return_url` "
            "or restrict `allowed_payment_method_types`.",
            "return_url",
        )
    method = find_method(scope, named)
    off_session = bool(params.get("off_session"))
    charges.try_card(scope, intent, method, off_session=off_session, return_url=params.get("return_url"))
    return intent.body


def capture(scope: Scope, ref: str, params: Json) -> Json:
    """`POST /v1/payment_intents/{id}/capture`: once, at most what is authorised; the rest is released."""
    intent = scope.get("payment_intent", ref)
    if intent.body["status"] != "requires_capture":
        raise unexpected(intent, "capture")
    amount = params.get("amount_to_capture", intent.body["amount_capturable"])
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount_to_capture", "parameter_invalid_integer")
    if amount > intent.body["amount_capturable"]:
        raise invalid("The requested capture amount is greater than the amount you can capture for this charge.", "amount_to_capture", "amount_too_large")
    if params.get("metadata"):
        intent.body["metadata"] |= params["metadata"]
    charges.take(scope, intent, amount)
    return intent.body


def cancel(scope: Scope, ref: str, params: Json) -> Json:
    """`POST /v1/payment_intents/{id}/cancel`: releases what is held."""
    intent = scope.get("payment_intent", ref)
    if intent.body["status"] not in CANCELLABLE:
        raise unexpected(intent, "cancel")
    if intent.hidden["session"] and intent.body["status"] != "requires_capture":
        raise invalid(
            "You cannot cancel a PaymentIntent created by a Checkout Session unless its status is requires_capture. Expire the Checkout Session instead.",
            code="payment_intent_unexpected_state",
        )
    charges.release(scope, intent, params.get("cancellation_reason"))
    return intent.body


def unexpected(intent: Record, verb: str) -> ApiError:
    """The 400 of an operation that the intent's state does not allow."""
    message = f"You cannot {verb} this PaymentIntent because it has a status of {intent.body['status']}."
    error = invalid(message, code="payment_intent_unexpected_state")
    error.fields["payment_intent"] = intent.body
    return error
