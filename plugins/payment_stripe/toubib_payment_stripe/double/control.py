"""`/_double`: how tests and the demo move the double's clock and misuse its webhooks. Stripe has nothing of the kind.

Only JSON is taken, so a page of another origin cannot post here without a permission the double never gives.
"""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, current_app, request

from toubib_payment_stripe.double import refunds
from toubib_payment_stripe.double.api import sweep, world
from toubib_payment_stripe.double.cards import CARDS
from toubib_payment_stripe.double.store import Record
from toubib_payment_stripe.double.webhooks import Delivery, body_of, send, sign, signed
from toubib_payment_stripe.double.world import machine_time

Json = dict[str, Any]
pages = Blueprint("control", __name__, url_prefix="/_double")
SETTINGS = frozenset({"hold", "delay", "webhook_url", "sign_with", "outage"})
STALE, FUTURE = -301, 301


def delivery() -> Delivery:
    """The delivering thread of this double."""
    found: Delivery = current_app.extensions["stripe_double_delivery"]
    return found


def _given() -> Json:
    if not request.is_json:
        abort(415)
    given = request.get_json()
    return given if isinstance(given, dict) else abort(400)


@pages.get("/")
def state() -> Json:
    """The clock, the settings, every delivery so far and the test cards."""
    store = world().store
    return {
        "now": world().now(),
        "settings": {name: store.setting(name) for name in sorted(SETTINGS)},
        "deliveries": store.deliveries(),
        "cards": [{"number": card.number, "meaning": card.meaning} for card in CARDS],
    }


@pages.post("/clock")
def move_clock() -> Json:
    """`{"advance": seconds}`, `{"set": seconds since 1970}` or `{"reset": true}`; what time ends, ends at once."""
    given, here = _given(), world()
    with here.store.transaction():
        offset = int(here.store.setting("clock_offset") or 0)
        if "set" in given:
            offset = int(given["set"]) - int(machine_time())
        here.store.set("clock_offset", 0 if given.get("reset") else offset + int(given.get("advance", 0)))
        sweep(here)
    return {"now": here.now()}


@pages.post("/settings")
def change() -> Json:
    """`hold` (deliver nothing by itself), `delay` (seconds), `webhook_url`, `sign_with` ("machine" or "clock"), `outage`.

    `outage` is `{"method", "path", "times", "mode"}`: mode "before" answers 503 and does nothing, "after" does the work and loses the answer.
    """
    given = _given()
    if set(given) - SETTINGS:
        abort(400)
    with world().store.transaction():
        for name, value in given.items():
            world().store.set(name, value)
    return state()


@pages.get("/webhooks/signed")
def signed_events() -> Json:
    """Every event so far as it is posted, oldest first: for a test that delivers them itself."""
    bodies = [(body_of(world(), event["event"])) for event in world().store.deliveries()]
    return {"events": [{"headers": signed(world(), body), "body": body.decode()} for body in bodies]}


@pages.post("/webhooks/release")
def release() -> Json:
    """Deliver all that waits, now: `order` ("original", "reverse", "shuffle" with `seed`), `copies`, `again` for those already accepted."""
    given = _given()
    order, copies, seed = str(given.get("order", "original")), int(given.get("copies", 1)), int(given.get("seed", 0))
    return {"delivered": delivery().run_once(None, order, copies, seed, again=bool(given.get("again")))}


@pages.post("/webhooks/forge")
def forge() -> Json:
    """Send what Stripe would never send: `kind` unsigned, wrong_secret, tampered, stale, future, or a genuinely signed `altered` body.

    `event` is the event to misuse (the last one by default); `alter` replaces fields of its object for `tampered` and `altered`.
    """
    given, here = _given(), world()
    event = str(given.get("event") or here.store.every("event")[0].id)
    genuine = body_of(here, event)
    body, headers = _forged(str(given["kind"]), genuine, dict(given.get("alter", {})))
    return {"event": event, "status": send(here, body, headers)}


def _forged(kind: str, genuine: bytes, alter: Json) -> tuple[bytes, dict[str, str]]:
    here, secret, at = world(), world().config.webhook_secret, int(machine_time())
    changed = _altered(genuine, alter)
    table: dict[str, Callable[[], tuple[bytes, dict[str, str]]]] = {
        "unsigned": lambda: (genuine, {}),
        "wrong_secret": lambda: (genuine, {"Stripe-Signature": sign("whsec_somebody_else", genuine, at)}),
        "tampered": lambda: (changed, signed(here, genuine)),
        "altered": lambda: (changed, signed(here, changed)),
        "stale": lambda: (genuine, {"Stripe-Signature": sign(secret, genuine, at + STALE)}),
        "future": lambda: (genuine, {"Stripe-Signature": sign(secret, genuine, at + FUTURE)}),
    }
    if kind not in table:
        abort(400)
    return table[kind]()


def _altered(genuine: bytes, alter: Json) -> bytes:
    event = json.loads(genuine)
    event["data"]["object"] |= alter
    event["id"] += "x"
    return json.dumps(event).encode()


@pages.post("/refunds/<ref>/fail")
def fail_refund(ref: str) -> Json:
    """The bank sends a refund back, days later."""
    _given()
    with world().store.transaction():
        found: Record | None = world().store.find(ref)
        return refunds.fail_later(world().scope(found.account), ref) if found else abort(404)
