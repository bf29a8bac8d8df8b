"""Webhooks leave the double: signed, retried, and as badly behaved as the control page asks."""

import hashlib
import hmac
import json
import threading
from collections.abc import Mapping
from typing import Any

from toubib.seams import network
from toubib_payment_stripe.double.world import World, machine_time

WAIT = 0.1
ACCEPTED = range(200, 300)


def sign(secret: str, body: bytes, at: int) -> str:
    """The `Stripe-Signature` header: HMAC-SHA256 over `t.body`."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def send(world: World, body: bytes, headers: Mapping[str, str]) -> int:
    """Post to the application and return its status code; 0 when nobody answered."""
    url = str(world.store.setting("webhook_url") or world.config.webhook_url)
    whole = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Toubib-Stripe-Double"} | dict(headers)
    try:
        return network.http_request("POST", url, headers=whole, body=body).status
    except network.NetworkUnavailable:
        return 0


def signed(world: World, body: bytes) -> dict[str, str]:
    """Honest headers: signed now, by the clock the application is taken to live by."""
    at = world.now() if world.store.setting("sign_with") == "clock" else int(machine_time())
    return {"Stripe-Signature": sign(world.config.webhook_secret, body, at)}


def body_of(world: World, event: str) -> bytes:
    """The event as it is posted."""
    record = world.store.find(event)
    return json.dumps(record.body if record else {}, indent=2).encode()


class Delivery:
    """The thread that delivers; `run_once` is the same work on demand."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="stripe-double-webhooks", daemon=True)
        self._turn = threading.Lock()

    def start(self) -> None:
        """Begin to deliver, if there is anywhere to deliver to."""
        self._thread.start()

    def stop(self) -> None:
        """Deliver no more."""
        self._stop.set()
        self._thread.join(timeout=15)

    def _loop(self) -> None:
        while not self._stop.wait(WAIT):
            if not self._world.store.setting("hold"):
                self.run_once(machine_time())

    def run_once(self, until: float | None = None, order: str = "original", copies: int = 1, seed: int = 0, *, again: bool = False) -> list[dict[str, Any]]:
        """Try what is due (all that waits, if `until` is None) in that order, each `copies` times; what the application answered.

        `again` delivers once more what was accepted before.
        """
        if not (self._world.config.webhook_url or self._world.store.setting("webhook_url")):
            return []
        with self._turn:
            due = self._arranged(self._world.store.waiting(until, again=again), order, copies, seed)
            return [self._try(*one) for one in due]

    def _arranged(self, due: list[tuple[int, str, int]], order: str, copies: int, seed: int) -> list[tuple[int, str, int]]:
        several = [one for one in due for _copy in range(copies)]
        if order == "reverse":
            return several[::-1]
        if order == "shuffle":
            lot = [hashlib.sha256(f"{seed}:{place}".encode()).digest() for place in range(len(several))]
            return [one for _drawn, one in sorted(zip(lot, several, strict=True))]
        return several

    def _try(self, delivery: int, event: str, tries: int) -> dict[str, Any]:
        body = body_of(self._world, event)
        status = send(self._world, body, signed(self._world, body))
        self._note(delivery, tries, status)
        record = self._world.store.find(event)
        return {"event": event, "type": record.body["type"] if record else "", "status": status}

    def _note(self, delivery: int, tries: int, status: int) -> None:
        retries = self._world.config.retries
        state = "done" if status in ACCEPTED else "waiting" if tries < len(retries) else "failed"
        due = machine_time() + (retries[tries] if tries < len(retries) else 0)
        with self._world.store.transaction():
            self._world.store.delivered(delivery, state, tries + 1, due, str(status))
