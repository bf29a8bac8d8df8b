"""Customers and their saved cards."""

from typing import Any

from toubib_payment_stripe.double.cards import BY_NUMBER, BY_TOKEN, DECLINES, Card
from toubib_payment_stripe.double.store import Record
from toubib_payment_stripe.double.wire import ApiError, invalid
from toubib_payment_stripe.double.world import Scope

Json = dict[str, Any]
NO_INVOICES = {"default_payment_method": None}
NOBODY = {"name": None, "email": None, "phone": None, "address": None}


def create_customer(scope: Scope, _ref: str, params: Json) -> Json:
    """`POST /v1/customers`."""
    shown = {name: params.get(name) for name in ("name", "email", "description", "phone")}
    defaults = {"balance": 0, "delinquent": False, "preferred_locales": params.get("preferred_locales", []), "invoice_settings": NO_INVOICES}
    record = scope.make("customer", shown | defaults | {"metadata": params.get("metadata") or {}})
    scope.emit("customer.created", record)
    return record.body


def delete_customer(scope: Scope, ref: str, _params: Json) -> Json:
    """`DELETE /v1/customers/{id}`: the customer and the saved cards are gone."""
    record = scope.get("customer", ref)
    for method in scope.every("payment_method", {"customer": ref}):
        method.body["customer"] = None
        method.hidden["used"] = True
        scope.save(method)
    record.body = {"id": ref, "object": "customer", "deleted": True}
    scope.save(record)
    return record.body


def create_method(scope: Scope, _ref: str, params: Json) -> Json:
    """`POST /v1/payment_methods`: card numbers never go through the interface, only tokens, as on an account without that privilege."""
    token = params.get("card", {}).get("token", "").replace("tok_", "pm_card_")
    if params.get("type") != "card" or token not in BY_TOKEN:
        raise ApiError(402, "card_error", "Sending credit card numbers directly to the Stripe API is generally unsafe.", code="card_declined")
    return new_method(scope, BY_TOKEN[token]).body


def new_method(scope: Scope, card: Card, customer: str | None = None) -> Record:
    """A payment method for a test card; only the last four digits are kept."""
    shown = {"brand": card.brand, "last4": card.last4, "exp_month": 12, "exp_year": 2034, "funding": "credit", "country": "FR"}
    body = {"type": "card", "card": shown, "customer": customer, "billing_details": NOBODY, "metadata": {}}
    return scope.make("payment_method", body, {"token": card.tokens[0], "authenticated": False, "used": False})


def card_of(method: Record) -> Card:
    """The test card behind a payment method."""
    return BY_TOKEN[method.hidden["token"]]


def card_numbered(number: str) -> Card | None:
    """The test card of a typed number, spaces and hyphens allowed; None for every other number."""
    return BY_NUMBER.get("".join(character for character in number if character not in " \u00a0-"))


def find_method(scope: Scope, ref: str) -> Record:
    """A payment method by id, or a fresh one for one of Stripe's own test names (`pm_card_visa`)."""
    if ref in BY_TOKEN:
        return new_method(scope, BY_TOKEN[ref])
    return scope.get("payment_method", ref)


def attach(scope: Scope, ref: str, params: Json) -> Json:
    """`POST /v1/payment_methods/{id}/attach`."""
    method = find_method(scope, ref)
    customer = scope.get("customer", params["customer"])
    if not card_of(method).saves:
        raise declined(card_of(method).decline or "", None)
    if method.hidden["used"] or method.body["customer"] not in {None, customer.id}:
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.",
            "payment_method",
        )
    return attach_now(scope, method, customer.id)


def attach_now(scope: Scope, method: Record, customer: str) -> Json:
    """Save the card for the customer."""
    method.body["customer"] = customer
    scope.save(method)
    scope.emit("payment_method.attached", method)
    return method.body


def detach(scope: Scope, ref: str, _params: Json) -> Json:
    """`POST /v1/payment_methods/{id}/detach`: a detached card can never be used again."""
    method = scope.get("payment_method", ref)
    method.body["customer"] = None
    method.hidden["used"] = True
    scope.save(method)
    scope.emit("payment_method.detached", method)
    return method.body


def declined(decline: str, intent: Json | None, kind: str = "payment_intent") -> ApiError:
    """The 402 of a refused card, with the intent as it is after the refusal."""
    code, sentence = DECLINES[decline]
    fields: Json = {"code": code, "decline_code": decline}
    if intent is not None:
        fields[kind] = intent
    return ApiError(402, "card_error", sentence, **fields)
