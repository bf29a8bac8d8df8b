"""Payment: attempts to move money for a MoneyDue. The provider reports facts; the core decides.

One row per attempt. The core commits the attempt, then calls the provider outside any unit of work, and a
worker repeats the call with the same `key` until it is answered: providers must be idempotent by `key`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from toubib.contracts.common import Message, Money, Period


class PaymentMode(StrEnum):
    """`authorise` now and capture later, `charge` at once, `save_method` to authorise later, `recurring`."""

    AUTHORISE = "authorise"
    CHARGE = "charge"
    SAVE_METHOD = "save_method"
    RECURRING = "recurring"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to secure or move money.

    `amount` is the most that may be taken. `account` is the creditor's account at the provider ("" for the
    platform's). `provider_ref` is what `begin` returned earlier; `saved_method` a method saved by the payer.
    `label` is neutral: no health data reaches the provider or a bank statement.
    """

    id: str
    due_id: str
    amount: Money
    mode: PaymentMode
    key: str
    account: str
    label: str
    payer_email: str
    payee_name: str
    locale: str
    expires_at: datetime
    provider_ref: str = ""
    saved_method: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the payer to this page of the provider; `host` is allowed as a form action for it."""

    url: str
    host: str
    provider_ref: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """Nothing to do online: tell the payer this (pay at the desk). The money stays due."""

    text: Message
    provider_ref: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """Secured without the payer's presence."""

    provider_ref: str


class ObservedState(StrEnum):
    """What the provider says of an attempt."""

    PENDING = "pending"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    METHOD_SAVED = "method_saved"
    FAILED = "failed"
    VOIDED = "voided"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Observed:
    """The provider's truth on an attempt, read from it and never guessed from a webhook's order."""

    state: ObservedState
    currency: str
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    expires_at: datetime | None = None
    saved_method: str = ""
    reason: Message | None = None
    provider_ref: str = ""


class ProviderUnavailable(Exception):
    """The provider did not answer or answered nonsense: try again later with the same key."""


class WebhookForged(Exception):
    """The message claims to be the provider's and its signature says no."""


@dataclass(frozen=True, slots=True)
class WebhookFact:
    """“Look at this attempt”: which event, for which attempt. Never trusted for state or amount."""

    event_id: str
    provider_ref: str
    kind: str


@dataclass(frozen=True, slots=True)
class ProviderCapabilities:
    """What a provider can do; asked, never assumed.

    `authorise_max_age`: how long before a visit its amount may be authorised, so that the authorisation still holds when the
    amount is captured after it (`None`: any time). `online`: it can be asked over a network; a desk cannot.
    `redirect_origins`: where `begin` may send the payer's browser (`https://host`); the page policy allows forms to end there.
    """

    currencies: frozenset[str]
    modes: frozenset[PaymentMode]
    authorise_max_age: timedelta | None = None
    partial_capture: bool = False
    refunds: bool = False
    online: bool = True
    redirect_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderMovement:
    """Money that the provider says it moved for an attempt: signed minor units."""

    provider_ref: str
    amount: Money
    at: datetime
    kind: str


class PaymentProvider(Protocol):
    """A way to take money. No method may run inside a unit of work except `parse_webhook`."""

    name: str
    title: Message
    capabilities: ProviderCapabilities

    def notice(self) -> Message | None:
        """What the payer must know of this provider now, e.g. that it is a local double or a test mode."""
        ...

    def begin(self, attempt: Attempt, return_url: str) -> Redirect | Instruction | Done:
        """Start; may not move money yet except for mode `charge` with a saved method."""
        ...

    def capture(self, attempt: Attempt, amount: Money, key: str) -> Observed:
        """Take `amount` (at most what is authorised) and release the rest."""
        ...

    def void(self, attempt: Attempt, key: str) -> Observed:
        """Release an authorisation. Voiding a voided one is no error."""
        ...

    def refund(self, attempt: Attempt, amount: Money, key: str) -> Observed:
        """Give `amount` of what was captured back."""
        ...

    def abandon(self, attempt: Attempt, key: str) -> Observed:
        """The hold lapsed: close the provider's open page, so that it cannot be paid any more, if it still can."""
        ...

    def fetch(self, attempt: Attempt) -> Observed:
        """The truth about the attempt."""
        ...

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookFact | None:
        """The fact in a webhook; `None` for one that does not concern attempts. Raises `WebhookForged`."""
        ...

    def movements(self, period: Period) -> Iterable[ProviderMovement]:
        """All movements, for reconciliation with the ledger."""
        ...
