"""Refunds: never more than what was captured and not yet given back."""

from typing import Any

from toubib_payment_stripe.double import ledger
from toubib_payment_stripe.double.store import Record
from toubib_payment_stripe.double.wire import invalid
from toubib_payment_stripe.double.world import Scope

Json = dict[str, Any]


def create(scope: Scope, _ref: str, params: Json) -> Json:
    """`POST /v1/refunds`, by PaymentIntent or by charge."""
    charge = _captured_charge(scope, params)
    left = charge.body["amount_captured"] - charge.body["amount_refunded"]
    amount = params.get("amount", left)
    if left == 0:
        raise invalid(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
    if amount < 1:
        raise invalid("Refund amount must be greater than zero.", "amount", "parameter_invalid_integer")
    if amount > left:
        raise invalid(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).", "amount", "amount_too_large")
    return _refund(scope, charge, amount, params).body


def retrieve(scope: Scope, ref: str, _params: Json) -> Json:
    """`GET /v1/refunds/{id}`."""
    return scope.get("refund", ref).body


def fail_later(scope: Scope, ref: str) -> Json:
    """What a bank may do days after: the refund comes back, and the money is the merchant's again."""
    refund = scope.get("refund", ref)
    charge = scope.get("charge", refund.body["charge"])
    back = ledger.post(scope, "refund_failure", refund, refund.body["amount"])
    refund.body |= {"status": "failed", "failure_reason": "unknown", "failure_balance_transaction": back}
    scope.save(refund)
    charge.body["amount_refunded"] -= refund.body["amount"]
    charge.body["refunded"] = False
    scope.save(charge)
    scope.emit("refund.failed", refund)
    return refund.body


def _captured_charge(scope: Scope, params: Json) -> Record:
    if bool(params.get("payment_intent")) == bool(params.get("charge")):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.", "payment_intent", "parameter_missing")
    ref = params.get("charge")
    if not ref:
        intent = scope.get("payment_intent", params["payment_intent"])
        ref = intent.body["latest_charge"]
        if ref is None or intent.body["status"] != "succeeded":
            raise invalid(f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.", "payment_intent", "payment_intent_unexpected_state")
    charge = scope.get("charge", ref)
    if not charge.body["captured"]:
        raise invalid("This charge is not captured and cannot be refunded; cancel its PaymentIntent.", "charge", "charge_not_refundable")
    return charge


def _refund(scope: Scope, charge: Record, amount: int, params: Json) -> Record:
    shared = {name: charge.body[name] for name in ("currency", "customer", "payment_intent", "payment_method")}
    body = shared | {"amount": amount, "charge": charge.id, "reason": params.get("reason"), "metadata": params.get("metadata") or {}, "status": "succeeded"}
    refund = scope.make("refund", body | {"failure_reason": None, "failure_balance_transaction": None, "balance_transaction": None})
    refund.body["balance_transaction"] = ledger.post(scope, "refund", refund, -amount)
    scope.save(refund)
    charge.body["amount_refunded"] += amount
    charge.body["refunded"] = charge.body["amount_refunded"] == charge.body["amount"]
    scope.save(charge)
    scope.emit("refund.created", refund)
    scope.emit("charge.refunded", charge)
    return refund
