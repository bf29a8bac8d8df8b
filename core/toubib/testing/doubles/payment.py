"""A payment provider in memory: as strict as a real one about keys, states and amounts, and it fails when told to.

`use_memory_payments(toubib)` puts it on offer in a started installation. The payer's acts are `pay` and `refuse`, by the page's
address; `faults` holds what the next calls do wrong; `lie` changes what `fetch` and the orders report.
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from toubib import runtime
from toubib.contracts.common import ContractError, Message, Money, Period
from toubib.contracts.payment import (
    Attempt,
    Done,
    Observed,
    ObservedState,
    PaymentMode,
    ProviderCapabilities,
    ProviderMovement,
    ProviderUnavailable,
    Redirect,
    WebhookFact,
    WebhookForged,
)
from toubib.db import require_outside
from toubib.runtime import Toubib
from toubib.seams import clock

HOST = "pay.memory.test"
NAME = "memory"
SECRET = b"memory"
HOLDS_FOR = timedelta(days=7)
NOTICE = Message(domain=NAME, key="A double in memory: no card is charged.")
NO = Message(domain=NAME, key="The payment service refused the request.")


class Crash(BaseException):
    """The process dies here: nothing catches it, and nothing after it is done."""


@dataclass(slots=True)
class Page:
    """What the provider knows of one attempt."""

    ref: str
    attempt_id: str
    amount: Money
    mode: PaymentMode
    state: ObservedState = ObservedState.PENDING
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    until: datetime | None = None
    method: str = ""
    reason: Message | None = None


@dataclass(slots=True)
class MemoryProvider:
    """The provider. `broken_methods` names saved methods that are refused, `shy_methods` those whose bank wants to see the payer."""

    name: str = NAME
    title: Message = field(default_factory=lambda: Message(domain=NAME, key="Card (in memory)"))
    capabilities: ProviderCapabilities = field(
        default_factory=lambda: ProviderCapabilities(
            currencies=frozenset({"EUR", "SEK", "JPY", "TND"}),
            modes=frozenset({PaymentMode.AUTHORISE, PaymentMode.CHARGE, PaymentMode.SAVE_METHOD}),
            authorise_max_age=HOLDS_FOR,
            partial_capture=True,
            refunds=True,
        )
    )
    pages: dict[str, Page] = field(default_factory=dict)
    methods: set[str] = field(default_factory=set)
    broken_methods: set[str] = field(default_factory=set)
    shy_methods: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    lie: Callable[[Observed], Observed] | None = None
    sent: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    moved: list[ProviderMovement] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    _keys: dict[str, tuple[object, ...]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def notice(self) -> Message | None:
        """That it is a double."""
        return NOTICE

    def begin(self, attempt: Attempt, return_url: str) -> Redirect | Done:
        """A page, or a saved method used at once."""

        def act() -> Page:
            if attempt.amount.currency not in self.capabilities.currencies:
                raise ContractError(NO)
            page = Page(f"page-{len(self.pages) + 1}", attempt.id, attempt.amount, attempt.mode, method=attempt.saved_method)
            if attempt.saved_method and attempt.saved_method not in self.methods:
                raise ContractError(NO)
            self.pages[page.ref] = page
            if attempt.saved_method and attempt.saved_method not in self.shy_methods:
                self._try(page, good=attempt.saved_method not in self.broken_methods)
            return page

        request = (attempt.id, attempt.amount, attempt.mode, attempt.account, attempt.label, attempt.payer_email, attempt.locale, return_url)
        page = self._talk("begin", attempt.key, request, act)
        used = page.method and page.method not in self.shy_methods and page.mode is not PaymentMode.SAVE_METHOD and attempt.saved_method
        return Done(page.ref) if used else Redirect(f"https://{HOST}/{page.ref}", HOST, page.ref)

    def capture(self, attempt: Attempt, amount: Money, key: str) -> Observed:
        """Take an amount once."""

        def act() -> Page:
            page = self._page(attempt)
            if amount.currency != page.amount.currency or amount.minor < 1 or amount.minor > page.amount.minor:
                raise ContractError(NO)
            if page.state is ObservedState.AUTHORISED:
                page.state, page.captured = ObservedState.CAPTURED, amount.minor
                self._moved(page, amount.minor, "capture")
            return page

        return self._seen(self._talk("capture", key, (attempt.id, amount), act))

    def void(self, attempt: Attempt, key: str) -> Observed:
        """Release what is held."""

        def act() -> Page:
            page = self._page(attempt)
            if page.state is ObservedState.PENDING:
                self._change(page, ObservedState.EXPIRED)
            elif page.state in (ObservedState.AUTHORISED, ObservedState.METHOD_SAVED):
                self.methods.discard(page.method)
                self._change(page, ObservedState.VOIDED)
            return page

        return self._seen(self._talk("void", key, (attempt.id,), act))

    def refund(self, attempt: Attempt, amount: Money, key: str) -> Observed:
        """Give back, once per key."""

        def act() -> Page:
            page = self._page(attempt)
            if amount.currency != page.amount.currency or not 0 < amount.minor <= page.captured - page.refunded:
                raise ContractError(NO)
            page.refunded += amount.minor
            self._moved(page, -amount.minor, "refund")
            return page

        return self._seen(self._talk("refund", key, (attempt.id, amount), act))

    def abandon(self, attempt: Attempt, key: str) -> Observed:
        """Close the page while it is open."""

        def act() -> Page:
            page = self._page(attempt)
            if page.state is ObservedState.PENDING:
                self._change(page, ObservedState.EXPIRED)
            return page

        return self._seen(self._talk("abandon", key, (attempt.id,), act))

    def fetch(self, attempt: Attempt) -> Observed:
        """The truth, unless told to lie."""
        return self._seen(self._talk("fetch", "", (), lambda: self._page(attempt)))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookFact | None:
        """Signed with the secret, or forged."""
        if not hmac.compare_digest(headers.get("X-Signature", "").encode(), _signature(body).encode()):
            raise WebhookForged
        event = json.loads(body)
        return WebhookFact(event["id"], event["ref"], event["kind"]) if event["ref"] else None

    def movements(self, period: Period) -> Iterable[ProviderMovement]:
        """All movements of a period."""
        require_outside("asking for movements")
        return [m for m in self.moved if period.start <= m.at < period.end]

    def pay(self, url: str) -> None:
        """The payer pays on the page, if it is still open."""
        page = self._at(url)
        if page.state is ObservedState.PENDING:
            self._try(page, good=True)

    def refuse(self, url: str) -> None:
        """The payer's card is refused; the page stays open."""
        page = self._at(url)
        if page.state is ObservedState.PENDING:
            page.reason = Message(domain=NAME, key="The bank refused the card.")
            self._tell(page, "refused")

    def webhooks(self) -> Sequence[tuple[Mapping[str, str], bytes]]:
        """Every webhook sent so far."""
        return list(self.sent)

    def of(self, attempt_id: str) -> Sequence[Page]:
        """What the provider knows of an attempt: one page for each time it was begun under another key."""
        return [page for page in self.pages.values() if page.attempt_id == attempt_id]

    def _talk(self, verb: str, key: str, request: tuple[object, ...], act: Callable[[], Page]) -> Page:
        require_outside(f"payment provider: {verb}")
        with self._lock:
            fault = self.faults.pop(0) if self.faults else ""
            self.calls.append(f"{verb}:{key}")
            if fault == "crash_before":
                raise Crash
            if fault == "unavailable":
                raise ProviderUnavailable(verb)
            if fault == "refused":
                # remembered under its key, as real providers do: the same order is refused for ever
                self._keys[f"{verb}:{key}"] = ("", fault)
                raise ContractError(NO)
            page = self._once(verb, key, request, act)
            if fault == "crash_after":
                raise Crash
            if fault == "lost_answer":
                raise ProviderUnavailable(verb)
            return page

    def _once(self, verb: str, key: str, request: tuple[object, ...], act: Callable[[], Page]) -> Page:
        known = self._keys.get(f"{verb}:{key}") if key else None
        if known is None:
            page = act()
            if key:
                self._keys[f"{verb}:{key}"] = (page.ref, *request)
            return page
        if known[1:] != request:
            raise ContractError(NO)
        return self.pages[str(known[0])]

    def _page(self, attempt: Attempt) -> Page:
        page = self.pages.get(attempt.provider_ref)
        if page is None or page.attempt_id != attempt.id:
            raise ContractError(NO)
        if page.state is ObservedState.AUTHORISED and page.until is not None and page.until <= clock.now():
            self._change(page, ObservedState.EXPIRED)
        return page

    def _at(self, url: str) -> Page:
        return self.pages[url.rpartition("/")[2]]

    def _try(self, page: Page, *, good: bool) -> None:
        page.reason = None if good else Message(domain=NAME, key="The bank refused the card.")
        if not good:
            self._change(page, ObservedState.FAILED)
        elif page.mode is PaymentMode.SAVE_METHOD:
            page.method = f"method-{page.ref}"
            self.methods.add(page.method)
            self._change(page, ObservedState.METHOD_SAVED)
        elif page.mode is PaymentMode.CHARGE:
            page.captured = page.authorised = page.amount.minor
            page.state = ObservedState.CAPTURED
            self._moved(page, page.captured, "capture")
        else:
            page.authorised, page.until = page.amount.minor, clock.now() + HOLDS_FOR + timedelta(days=1)
            self._change(page, ObservedState.AUTHORISED)

    def _change(self, page: Page, state: ObservedState) -> None:
        page.state = state
        self._tell(page, state.value)

    def _moved(self, page: Page, minor: int, kind: str) -> None:
        self.moved.append(ProviderMovement(page.ref, Money(minor, page.amount.currency), clock.now(), kind))
        self._tell(page, kind)

    def _tell(self, page: Page, kind: str) -> None:
        body = json.dumps({"id": f"event-{len(self.sent) + 1}", "ref": page.ref, "kind": kind}).encode()
        self.sent.append(({"X-Signature": _signature(body)}, body))

    def _seen(self, page: Page) -> Observed:
        held = page.state is ObservedState.AUTHORISED
        seen = Observed(
            state=page.state,
            currency=page.amount.currency,
            authorised=page.authorised if page.state in (ObservedState.AUTHORISED, ObservedState.CAPTURED) else 0,
            captured=page.captured,
            refunded=page.refunded,
            expires_at=page.until if held else None,
            saved_method=page.method if page.state is ObservedState.METHOD_SAVED else "",
            reason=page.reason,
        )
        return self.lie(seen) if self.lie else seen


def _signature(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


def use_memory_payments(toubib: Toubib, *providers: MemoryProvider) -> Toubib:
    """Put providers (one `MemoryProvider` when none is given) on offer in a started installation; returns it as it now is."""
    chosen = providers or (MemoryProvider(),)
    for provider in chosen:
        toubib.registry.payments[provider.name] = provider
    use = toubib.settings.use.model_copy(update={"payment": tuple(p.name for p in chosen)})
    made = replace(toubib, settings=toubib.settings.model_copy(update={"use": use}))
    runtime.use(made)
    return made
