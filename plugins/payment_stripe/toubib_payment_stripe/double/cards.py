"""The test cards: Stripe's own published test numbers and what each makes happen.

No other number is accepted, so a real card typed here by mistake is refused, and no number is ever stored: only its last four digits.
"""

from dataclasses import dataclass

from toubib_payment_stripe.double.texts import _

GENERIC = "generic_decline"


@dataclass(frozen=True, slots=True)
class Card:
    """One test card. `decline` is the decline code of every charge; `authentication` says when a 3-D Secure challenge is asked for."""

    number: str
    brand: str
    meaning: str
    tokens: tuple[str, ...] = ()
    decline: str | None = None
    authentication: str = "never"
    saves: bool = True

    @property
    def last4(self) -> str:
        """The only digits that are kept."""
        return self.number[-4:]

    @property
    def grouped(self) -> str:
        """The number as it is printed on a card."""
        return " ".join(self.number[at : at + 4] for at in range(0, len(self.number), 4))


CARDS = (
    Card("4242424242424242", "visa", _("accepted"), ("pm_card_visa",)),
    Card("5555555555554444", "mastercard", _("accepted (Mastercard)"), ("pm_card_mastercard",)),
    Card("4000000000000002", "visa", _("refused"), ("pm_card_visa_chargeDeclined", "pm_card_chargeDeclined"), GENERIC, saves=False),
    Card(
        "4000000000009995", "visa", _("refused: insufficient funds"), ("pm_card_visa_chargeDeclinedInsufficientFunds",), "insufficient_funds", saves=False
    ),
    Card("4000000000000069", "visa", _("refused: expired card"), ("pm_card_chargeDeclinedExpiredCard",), "expired_card", saves=False),
    Card("4000002760003184", "visa", _("asks for authentication, each time"), ("pm_card_authenticationRequired",), authentication="always"),
    Card("4000002500003155", "visa", _("asks for authentication until it is saved"), ("pm_card_authenticationRequiredOnSetup",), authentication="until_saved"),
    Card("4000000000000341", "visa", _("can be saved, but is refused later"), ("pm_card_chargeCustomerFail",), GENERIC),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {token: card for card in CARDS for token in card.tokens}

DECLINES = {
    GENERIC: ("card_declined", _("Your card was declined.")),
    "insufficient_funds": ("card_declined", _("Your card has insufficient funds.")),
    "expired_card": ("expired_card", _("Your card has expired.")),
    "authentication_required": ("authentication_required", _("Your card was declined. This transaction requires authentication.")),
    "authentication_failed": ("payment_intent_authentication_failure", _("The authentication failed. Nothing was taken. Try again or use another card.")),
}
"""Decline code to error code and sentence."""
