"""Pages of a collection, and `expand`: an id replaced by the object itself."""

from collections.abc import Iterable
from typing import Any

from toubib_payment_stripe.double.wire import invalid, missing
from toubib_payment_stripe.double.world import Scope

Json = dict[str, Any]
PATHS = {
    "payment_intent": "/v1/payment_intents",
    "charge": "/v1/charges",
    "refund": "/v1/refunds",
    "customer": "/v1/customers",
    "payment_method": "/v1/payment_methods",
    "checkout.session": "/v1/checkout/sessions",
    "balance_transaction": "/v1/balance_transactions",
    "event": "/v1/events",
}
EXPANDABLE = {
    "payment_intent": "payment_intent",
    "latest_charge": "charge",
    "charge": "charge",
    "customer": "customer",
    "payment_method": "payment_method",
    "setup_intent": "setup_intent",
    "balance_transaction": "balance_transaction",
    "source": None,
}
COMPARE = {"gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b}


def page(scope: Scope, kind: str, params: Json) -> Json:
    """The list object that the SDK pages through."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("Invalid limit: must be between 1 and 100.", "limit")
    match = {name: value for name, value in params.items() if name not in {"limit", "starting_after", "ending_before", "created", "expand"}}
    found = [record.body for record in scope.every(kind, match) if _created(record.body["created"], params.get("created"))]
    refs = [body["id"] for body in found]
    for name in ("starting_after", "ending_before"):
        if name in params and params[name] not in refs:
            raise missing(kind, params[name])
    first = refs.index(params["starting_after"]) + 1 if "starting_after" in params else 0
    last = refs.index(params["ending_before"]) if "ending_before" in params else len(found)
    found = found[first:last]
    part = found[-limit:] if "ending_before" in params else found[:limit]
    return {"object": "list", "url": PATHS[kind], "has_more": len(found) > limit, "data": part}


def expand(scope: Scope, body: Json, wanted: Iterable[str]) -> Json:
    """The answer with the named ids replaced; raises 400 for what cannot be expanded."""
    for path in wanted:
        body = _expand(scope, body, path.split("."), path)
    return body


def _expand(scope: Scope, body: Json, names: list[str], whole: str) -> Json:
    name, rest = names[0], names[1:]
    if name == "data" and body.get("object") == "list":
        return body | {"data": [_expand(scope, item, rest, whole) for item in body["data"]]}
    if EXPANDABLE.get(name) is None and name != "source":
        raise invalid(f"This property cannot be expanded ({whole}).", "expand")
    if name not in body:
        raise invalid(f"This property cannot be expanded ({whole}).", "expand")
    value = body[name]
    if value is None:
        return body
    record = scope.store.find(value) if isinstance(value, str) else None
    inner = record.body if record else value
    return body | {name: _expand(scope, inner, rest, whole) if rest else inner}


def _created(at: int, wanted: Any) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return at == wanted
    return all(COMPARE[name](at, limit) for name, limit in wanted.items())
