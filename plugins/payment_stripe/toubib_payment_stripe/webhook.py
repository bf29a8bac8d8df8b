"""Webhooks: proof of origin over the raw body, then “look at this”. Nothing in a webhook is believed besides the id to look at."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from toubib.contracts.payment import WebhookFact, WebhookForged
from toubib.seams import clock

TOLERANCE_SECONDS = 300
"""Stripe's own tolerance; it is applied to the future as well."""
BY_ID = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.expired",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
    }
)
BY_INTENT = frozenset({"charge.captured", "charge.expired", "charge.refunded", "refund.created", "refund.failed", "refund.updated"})


def parse(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], *, live: bool) -> WebhookFact | None:
    """The fact in a webhook, or None for one that concerns no attempt; raises `WebhookForged` unless one of `secrets` signed it just now."""
    given = {name.lower(): value for name, value in headers.items()}
    _check(given.get("stripe-signature", ""), body, secrets)
    event = _event(body)
    if event.get("livemode") is not live:
        return None
    return _fact(event)


def _check(header: str, body: bytes, secrets: Iterable[str]) -> None:
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    at = next((value for name, value in pairs if name == "t"), "")
    if not (at.isascii() and at.isdigit() and len(at) < 12):
        raise WebhookForged("no time in the signature")
    if abs(clock.now().timestamp() - int(at)) > TOLERANCE_SECONDS:
        raise WebhookForged("the signature is too old, or from the future")
    signatures = [value.encode() for name, value in pairs if name == "v1"]
    for secret in secrets:
        expected = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest().encode()
        if any(hmac.compare_digest(expected, signature) for signature in signatures):
            return
    raise WebhookForged("no signature fits")


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _fact(event: Mapping[str, Any]) -> WebhookFact | None:
    kind, ref, data = event.get("type"), event.get("id"), event.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    if not isinstance(kind, str) or not isinstance(ref, str) or not isinstance(thing, dict):
        return None
    about = thing.get("id") if kind in BY_ID else thing.get("payment_intent") if kind in BY_INTENT else None
    return WebhookFact(ref, about, kind) if isinstance(about, str) and about else None
