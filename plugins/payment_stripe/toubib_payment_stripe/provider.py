"""Stripe as a payment provider: hosted Checkout, manual capture, saved cards. Facts are read from Stripe, never from a webhook."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from toubib.contracts.common import ContractError, Message, Money, Period
from toubib.contracts.payment import (
    Attempt,
    Done,
    Observed,
    ObservedState,
    PaymentMode,
    ProviderCapabilities,
    ProviderMovement,
    Redirect,
    WebhookFact,
)
from toubib.seams import clock
from toubib_payment_stripe import start, webhook
from toubib_payment_stripe.settings import Settings, World

if TYPE_CHECKING:
    import stripe

CURRENCIES = frozenset(
    {"AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS"}
    | {"INR", "JPY", "MAD", "MXN", "NOK", "NZD", "PLN", "RON", "SEK", "SGD", "TND", "USD", "ZAR"}
)
"""Currencies whose minor unit Stripe counts as ISO 4217 does; ISK, UGX and HUF have rules of their own there and are left out."""
KEY = "toubib_key"
"""The metadata key that says which order made a refund: Stripe forgets idempotency keys after a day, an order does not."""
KINDS = {"charge": "capture", "payment": "capture", "refund": "refund", "payment_refund": "refund", "refund_failure": "refund_failed"}
NOTICES = {
    World.DOUBLE: Message("payment_stripe", "Local payment double: no card is charged."),
    World.TEST: Message("payment_stripe", "Stripe test mode: no real card is charged."),
    World.LIVE: None,
}


class StripeProvider:
    """The contract's provider: one per installation, one Stripe account per billing party."""

    name = "payment_stripe"
    title = Message("payment_stripe", "Card")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.capabilities = ProviderCapabilities(
            currencies=CURRENCIES,
            modes=frozenset({PaymentMode.AUTHORISE, PaymentMode.CHARGE, PaymentMode.SAVE_METHOD}),
            authorise_max_age=settings.authorise_max_age,
            partial_capture=True,
            refunds=True,
            redirect_origins=(settings.pages_origin,),
        )

    def notice(self) -> Message | None:
        """That no card is charged, unless one is."""
        return NOTICES[self._settings.world]

    def begin(self, attempt: Attempt, return_url: str) -> Redirect | Done:
        """Try the saved card if there is one; without it, or if the bank wants to see the payer, send the payer to the hosted page."""
        self._check(attempt, attempt.amount)
        held = self._hold(attempt) if attempt.saved_method else None
        return held or self._page(attempt, return_url)

    def capture(self, attempt: Attempt, amount: Money, key: str) -> Observed:
        """Take `amount` once and release the rest; if it was taken or released before, say what is true."""
        self._check(attempt, amount)
        intent = self._intent(attempt)
        take = self._v1.payment_intents.capture
        return self._change(attempt, lambda: take(intent, {"amount_to_capture": amount.minor}, self._options(attempt, key)))

    def void(self, attempt: Attempt, key: str) -> Observed:
        """Release what is held, forget a saved card, or close the page if there is neither."""
        seen = self.fetch(attempt)
        if seen.state is ObservedState.PENDING:
            return self.abandon(attempt, key)
        if seen.state is ObservedState.METHOD_SAVED:
            method = seen.saved_method.partition("/")[2]
            return self._change(attempt, lambda: self._v1.payment_methods.detach(method, {}, self._options(attempt, key)))
        if seen.state is not ObservedState.AUTHORISED:
            return seen
        return self._change(attempt, lambda: self._v1.payment_intents.cancel(seen.provider_ref, {}, self._options(attempt, key)))

    def refund(self, attempt: Attempt, amount: Money, key: str) -> Observed:
        """Give `amount` back, once per key, however late the order is repeated."""
        self._check(attempt, amount)
        intent = self._intent(attempt)
        if any(getattr(known.metadata, KEY, None) == key for known in self._refunds(attempt, intent)):
            return self.fetch(attempt)
        wanted: stripe.params.RefundCreateParams = {"payment_intent": intent, "amount": amount.minor, "metadata": {KEY: key}}
        return self._change(attempt, lambda: self._v1.refunds.create(wanted, self._options(attempt, key)))

    def abandon(self, attempt: Attempt, key: str) -> Observed:
        """Close the page while it is open; a payment that came first is reported, and the core decides."""
        ref = attempt.provider_ref
        if not ref and not attempt.saved_method:
            return Observed(ObservedState.EXPIRED, attempt.amount.currency)
        if ref.startswith("cs_"):
            return self._change(attempt, lambda: self._v1.checkout.sessions.expire(ref, {}, self._options(attempt, key)))
        seen = self.fetch(attempt)
        if seen.state is ObservedState.PENDING and seen.provider_ref:
            return self._change(attempt, lambda: self._v1.payment_intents.cancel(seen.provider_ref, {}, self._options(attempt, key)))
        return seen

    def fetch(self, attempt: Attempt) -> Observed:
        """What Stripe says now of the page and its payment."""
        from toubib_payment_stripe import client, observe

        if not attempt.provider_ref:
            return Observed(ObservedState.PENDING, attempt.amount.currency)
        with client.speaking():
            if attempt.provider_ref.startswith("pi_"):
                intent = self._v1.payment_intents.retrieve(attempt.provider_ref, {"expand": ["latest_charge"]}, self._options(attempt))
                return observe.of_intent(attempt, intent, on_page=False)
            return observe.of_session(attempt, self._session(attempt))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookFact | None:
        """“Look at this attempt”, if one of our secrets signed it."""
        secrets = [secret.get_secret_value() for secret in self._settings.webhook_secrets]
        return webhook.parse(headers, body, secrets, live=self._settings.world is World.LIVE)

    def movements(self, period: Period) -> Iterable[ProviderMovement]:
        """Every capture and refund in the period, of the platform and of each connected account; fees are not movements of attempts."""
        from toubib_payment_stripe import client

        with client.speaking():
            for account in ("", *self._accounts()):
                yield from self._movements(account, period)

    @cached_property
    def _client(self) -> "stripe.StripeClient":
        from toubib_payment_stripe import client

        return client.connect(self._settings)

    @property
    def _v1(self) -> Any:
        """The SDK's services. Their parameters are typed dictionaries built elsewhere; the double checks each against the SDK's own files."""
        return self._client.v1

    def _options(self, attempt: Attempt, key: str | None = None) -> Any:
        from toubib_payment_stripe import client

        return client.options(attempt.account, key)

    def _check(self, attempt: Attempt, amount: Money) -> None:
        if amount.currency != attempt.amount.currency or amount.currency not in CURRENCIES or amount.minor < 0:
            raise ContractError(Message("payment_stripe", "This amount cannot be paid by card here. Nothing was taken. Call the practice."))
        if attempt.account and not self._settings.connect:
            raise ContractError(Message("payment_stripe", "Card payment to this practitioner is not set up. Nothing was taken. Call the practice."))

    def _hold(self, attempt: Attempt) -> Done | None:
        import stripe

        from toubib_payment_stripe import client

        try:
            with client.speaking():
                intent = self._v1.payment_intents.create(start.hold(attempt), self._options(attempt, f"{attempt.key}:hold"))
        except stripe.CardError:
            return None
        return Done(intent.id)

    def _page(self, attempt: Attempt, return_url: str) -> Redirect:
        from toubib_payment_stripe import client

        wanted = start.page(attempt, return_url, clock.now())
        with client.speaking():
            session = self._v1.checkout.sessions.create(wanted, self._options(attempt, f"{attempt.key}:page"))
        return Redirect(session.url, urlsplit(session.url).netloc, session.id)

    def _session(self, attempt: Attempt) -> "stripe.checkout.Session":
        expand = {"expand": ["payment_intent.latest_charge", "setup_intent.payment_method"]}
        return cast("stripe.checkout.Session", self._v1.checkout.sessions.retrieve(attempt.provider_ref, expand, self._options(attempt)))

    def _intent(self, attempt: Attempt) -> str:
        if attempt.provider_ref.startswith("pi_"):
            return attempt.provider_ref
        seen = self.fetch(attempt)
        if not seen.provider_ref:
            raise ContractError(Message("payment_stripe", "Nothing was authorised on this page, so nothing can be taken or given back."))
        return seen.provider_ref

    def _change(self, attempt: Attempt, act: Callable[[], object]) -> Observed:
        from toubib_payment_stripe import client

        try:
            with client.speaking():
                act()
        except client.UnexpectedState:
            pass
        return self.fetch(attempt)

    def _refunds(self, attempt: Attempt, intent: str) -> "Iterator[stripe.Refund]":
        from toubib_payment_stripe import client

        with client.speaking():
            yield from self._v1.refunds.list({"payment_intent": intent, "limit": 100}, self._options(attempt)).auto_paging_iter()

    def _accounts(self) -> Iterator[str]:
        if self._settings.connect:
            for account in self._v1.accounts.list({"limit": 100}).auto_paging_iter():
                yield account.id

    def _movements(self, account: str, period: Period) -> Iterator[ProviderMovement]:
        from toubib_payment_stripe import client

        wanted = {"created": {"gte": int(period.start.timestamp()), "lt": int(period.end.timestamp())}, "limit": 100, "expand": ["data.source"]}
        for entry in self._v1.balance_transactions.list(wanted, client.options(account)).auto_paging_iter():
            ref = getattr(entry.source, "payment_intent", None)
            if entry.type in KINDS and ref:
                at = datetime.fromtimestamp(entry.created, UTC)
                yield ProviderMovement(ref, Money(entry.amount, entry.currency.upper()), at, KINDS[entry.type])
