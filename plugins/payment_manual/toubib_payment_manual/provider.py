"""The desk: no page, no card, no network. Each method shows what the contract wants of it at least."""

from collections.abc import Iterable, Mapping

from toubib.contracts.common import ContractError, Message, Money, Period
from toubib.contracts.payment import (
    Attempt,
    Instruction,
    Observed,
    ObservedState,
    PaymentMode,
    ProviderCapabilities,
    ProviderMovement,
    WebhookFact,
)
from toubib_payment_manual.settings import Settings


class DeskProvider:
    """Tells the payer to pay at the practice. What is paid there is recorded by staff, not seen from here."""

    name = "payment_manual"
    title = Message("payment_manual", "Pay at the desk")

    def __init__(self, settings: Settings) -> None:
        self.capabilities = ProviderCapabilities(
            currencies=frozenset(settings.currencies), modes=frozenset({PaymentMode.AUTHORISE, PaymentMode.CHARGE}), online=False
        )

    def notice(self) -> Message | None:
        """Nothing to warn of: the instruction says it all."""
        return None

    def begin(self, attempt: Attempt, return_url: str) -> Instruction:  # noqa: ARG002  nobody is sent anywhere
        """Tell the payer how much to bring."""
        if attempt.amount.currency not in self.capabilities.currencies:
            raise ContractError(Message("payment_manual", "The practice does not take this currency at its desk. Choose another way to pay."))
        text = Message("payment_manual", "Pay %(amount)s at the practice, by card, cheque or cash. Nothing is taken now.", {"amount": attempt.amount})
        return Instruction(text, provider_ref=f"desk-{attempt.id}")

    def capture(self, attempt: Attempt, amount: Money, key: str) -> Observed:  # noqa: ARG002  only a person can take money at a desk
        """Nothing can be taken from here: the money stays due."""
        return self.fetch(attempt)

    def void(self, attempt: Attempt, key: str) -> Observed:  # noqa: ARG002  nothing was held
        """Nothing was held, so nothing is left to release."""
        return Observed(ObservedState.VOIDED, attempt.amount.currency)

    def refund(self, attempt: Attempt, amount: Money, key: str) -> Observed:  # noqa: ARG002  staff give it back by hand
        """What the desk took, the desk gives back."""
        raise ContractError(Message("payment_manual", "The practice gives this money back itself, at the desk."))

    def abandon(self, attempt: Attempt, key: str) -> Observed:
        """The appointment is off: nothing is expected at the desk any more."""
        return self.void(attempt, key)

    def fetch(self, attempt: Attempt) -> Observed:
        """Not known from here."""
        return Observed(ObservedState.PENDING, attempt.amount.currency)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> WebhookFact | None:  # noqa: ARG002  a desk sends none
        """A desk sends no messages, so none can be ours."""
        return None

    def movements(self, period: Period) -> Iterable[ProviderMovement]:  # noqa: ARG002  a desk keeps its own book
        """No movement passes through this program."""
        return ()
