"""Checkout Sessions: what the merchant asks of them. What the payer does with them is in `payer`."""

from typing import Any

from toubib_payment_stripe.double import charges, intents, setups
from toubib_payment_stripe.double.store import Record
from toubib_payment_stripe.double.wire import invalid
from toubib_payment_stripe.double.world import Scope

Json = dict[str, Any]
SHORTEST, LONGEST = 30 * 60, 24 * 3600
ONLY_FOR = {"payment_intent_data": "payment", "line_items": "payment", "submit_type": "payment", "setup_intent_data": "setup"}
ECHOED = ("allowed_payment_method_types", "cancel_url", "client_reference_id", "customer", "customer_email", "locale", "submit_type", "success_url")


def create(scope: Scope, _ref: str, params: Json) -> Json:
    """`POST /v1/checkout/sessions`, modes `payment` and `setup`."""
    mode = params.get("mode", "payment")
    _check(scope, params, mode)
    total, currency = _total(params) if mode == "payment" else (None, params.get("currency"))
    body = {name: params.get(name) for name in ECHOED} | {
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "status": None},
        "currency": currency,
        "customer_creation": params.get("customer_creation", "if_required"),
        "customer_details": {"email": params["customer_email"]} if params.get("customer_email") else None,
        "custom_fields": [],
        "custom_text": {},
        "expires_at": params.get("expires_at", scope.now() + LONGEST),
        "metadata": params.get("metadata") or {},
        "mode": mode,
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid" if mode == "payment" else "no_payment_required",
        "setup_intent": None,
        "shipping_options": [],
        "status": "open",
        "ui_mode": "hosted_page",
        "url": None,
    }
    hidden = {name: params.get(name) for name in ("payment_intent_data", "setup_intent_data", "line_items", "branding_settings")}
    session = scope.make("checkout.session", body, hidden)
    session.body["url"] = f"{scope.world.config.base_url}/c/pay/{session.id}"
    if mode == "setup":
        data = (params.get("setup_intent_data") or {}) | {"customer": params.get("customer")}
        intent = setups.new_intent(scope, data)
        intent.hidden["session"] = session.id
        scope.save(intent)
        session.body["setup_intent"] = intent.id
    return scope.save(session)


def retrieve(scope: Scope, ref: str, _params: Json) -> Json:
    """`GET /v1/checkout/sessions/{id}`."""
    return scope.get("checkout.session", ref).body


def expire(scope: Scope, ref: str, _params: Json) -> Json:
    """`POST /v1/checkout/sessions/{id}/expire`: only while it is open."""
    session = scope.get("checkout.session", ref)
    if session.body["status"] != "open":
        raise invalid(f"Only Checkout Sessions with a status in [\"open\"] can be expired. This one is {session.body['status']}.")
    close(scope, session)
    return session.body


def close(scope: Scope, session: Record) -> None:
    """The session can no longer be paid; an intent it had begun is cancelled with it."""
    session.body |= {"status": "expired", "url": None}
    scope.save(session)
    if session.body["payment_intent"]:
        charges.release(scope, scope.get("payment_intent", session.body["payment_intent"]), "automatic")
    if session.body["setup_intent"]:
        setups.close(scope, scope.get("setup_intent", session.body["setup_intent"]), "abandoned")
    scope.emit("checkout.session.expired", session)


def lapse(scope: Scope, session: Record) -> bool:
    """Close a session whose time is over; whether it was."""
    over: bool = session.body["status"] == "open" and scope.now() >= session.body["expires_at"]
    if over:
        close(scope, session)
    return over


def _check(scope: Scope, params: Json, mode: str) -> None:
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("The double shows hosted pages only.", "ui_mode", "double_not_implemented")
    for name, owner in ONLY_FOR.items():
        if name in params and mode != owner:
            raise invalid(f"You can not pass `{name}` in `{mode}` mode.", name)
    if "success_url" not in params:
        raise invalid("Missing required param: success_url.", "success_url", "parameter_missing")
    for name in ("success_url", "cancel_url"):
        if name in params and not params[name].startswith(("https://", "http://")):
            raise invalid("Not a valid URL", name, "url_invalid")
    if params.get("customer") and params.get("customer_email"):
        raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer")
    if params.get("customer"):
        scope.get("customer", params["customer"])
    if mode == "setup" and not params.get("currency") and not params.get("allowed_payment_method_types"):
        raise invalid("`currency` is required in `setup` mode when `allowed_payment_method_types` is not set.", "currency", "parameter_missing")
    if mode == "subscription":
        raise invalid("The double knows no subscriptions.", "mode", "double_not_implemented")
    _check_expiry(scope, params)


def _check_expiry(scope: Scope, params: Json) -> None:
    if "expires_at" not in params:
        return
    ahead = params["expires_at"] - scope.now()
    if ahead < SHORTEST:
        raise invalid("The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", "expires_at")
    if ahead > LONGEST:
        raise invalid("The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", "expires_at")


def _total(params: Json) -> tuple[int, str]:
    items = params.get("line_items")
    if not items:
        raise invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    total, currencies = 0, set()
    for index, item in enumerate(items):
        price = item.get("price_data")
        if price is None or "unit_amount" not in price or "product_data" not in price:
            raise invalid("The double takes line items with price_data, product_data and unit_amount only.", f"line_items[{index}]", "double_not_implemented")
        total += price["unit_amount"] * item.get("quantity", 1)
        currencies.add(price["currency"])
    if len(currencies) != 1:
        raise invalid("All line items must have the same currency.", "line_items")
    currency = currencies.pop()
    intents.check_amount(total, currency, "line_items")
    return total, currency
