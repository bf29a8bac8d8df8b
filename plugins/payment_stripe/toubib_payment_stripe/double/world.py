"""One double: its memory, its clock and what was said when it was started."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from toubib.seams import clock, randomness
from toubib_payment_stripe.double.store import Record, Store
from toubib_payment_stripe.double.wire import missing

API_VERSION = "2026-10-28.endive"
PREFIX = {
    "payment_intent": "pi_double_",
    "charge": "ch_double_",
    "refund": "re_double_",
    "customer": "cus_double",
    "payment_method": "pm_double_",
    "setup_intent": "seti_double_",
    "checkout.session": "cs_test_double_",
    "event": "evt_double_",
    "balance_transaction": "txn_double_",
}


@dataclass(frozen=True, slots=True)
class Config:
    """How a double was started. `accounts` are the connected accounts by id with the name their page shows; empty means: any."""

    base_url: str
    secret_key: str
    webhook_url: str = ""
    webhook_secret: str = ""
    creditor: str = "Toubib"
    accounts: Mapping[str, str] = field(default_factory=dict)
    retries: tuple[float, ...] = (1, 3, 10, 30, 60, 300)


def machine_time() -> float:
    """Seconds since 1970 by the machine: what signatures and retries go by."""
    return clock.now().timestamp()


@dataclass(frozen=True, slots=True)
class World:
    """Everything of one double."""

    store: Store
    config: Config

    def now(self) -> int:
        """Stripe's clock: the machine's, moved by what the control page was told."""
        return int(machine_time()) + int(self.store.setting("clock_offset") or 0)

    def scope(self, account: str) -> "Scope":
        """The view of one account; "" is the platform's own."""
        return Scope(self, account)


@dataclass(frozen=True, slots=True)
class Scope:
    """One account's objects. Nothing of another account can be seen or changed through it."""

    world: World
    account: str
    key: str | None = None

    @property
    def store(self) -> Store:
        """The memory of the double."""
        return self.world.store

    def now(self) -> int:
        """Stripe's clock, in whole seconds."""
        return self.world.now()

    def make(self, kind: str, body: Mapping[str, Any], hidden: Mapping[str, Any] | None = None) -> Record:
        """A new object with id, kind and date of creation."""
        ref = PREFIX[kind] + randomness.random_bytes(12).hex()
        whole = {"id": ref, "object": kind, "created": self.now(), "livemode": False} | dict(body)
        record = Record(ref, self.account, kind, whole, dict(hidden or {}))
        self.store.add(record)
        return record

    def open(self, kind: str, body: Mapping[str, Any]) -> Record:
        """A new intent of a kind, with the secret of its page, kept and told."""
        intent = self.make(kind, body, {"session": None})
        intent.body["client_secret"] = f"{intent.id}_secret_double"
        self.save(intent)
        self.emit(f"{kind}.created", intent)
        return intent

    def get(self, kind: str, ref: str) -> Record:
        """An object of this account; raises the 404 of Stripe for any other."""
        record = self.store.find(ref)
        if record is None or record.account != self.account or record.kind != kind:
            raise missing(kind, ref)
        return record

    def save(self, record: Record) -> dict[str, Any]:
        """Keep a changed object and return what Stripe shows of it."""
        self.store.save(record)
        return record.body

    def every(self, kind: str, match: Mapping[str, str] | None = None) -> list[Record]:
        """This account's objects of a kind, newest first."""
        return self.store.every(kind, self.account, match)

    def emit(self, name: str, record: Record) -> None:
        """Record that something happened, with the object as it is now, and queue the webhook."""
        body = {
            "api_version": API_VERSION,
            "type": name,
            "data": {"object": record.body},
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": self.key},
        }
        if self.account:
            body["account"] = self.account
        event = self.make("event", body)
        self.store.queue(event.id, machine_time() + float(self.store.setting("delay") or 0))


def instant(seconds: int) -> datetime:
    """Whole seconds since 1970 as an aware instant."""
    return datetime.fromtimestamp(seconds, UTC)
