"""What became of a payment, in the words of whoever reads it: the patient, or the practice."""

from collections.abc import Mapping

from toubib import i18n, runtime
from toubib.db.tables.money import PaymentAttempt
from toubib.services import checkout
from toubib.web.shell import text


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


RELEASED = "released"
"""A capture below what was held; `captured` is one that left nothing to release."""
AT_DESK = "at_desk"

PATIENT: Mapping[str, str] = {
    "pending": _("%(amount)s to be paid"),
    "authorised": _("%(amount)s held, not charged yet"),
    "method_saved": _("Card kept: at most %(amount)s, held some days before the visit"),
    "captured": _("%(amount)s charged"),
    RELEASED: _("%(amount)s charged, the rest was released"),
    AT_DESK: _("%(amount)s received at the desk"),
    "voided": _("%(amount)s released: nothing was charged"),
    "failed": _("Refused: nothing was charged"),
    "expired": _("%(amount)s released: nothing was charged"),
    "refunded": _("%(amount)s paid back"),
}
PRACTICE: Mapping[str, str] = {
    "pending": _("%(amount)s to be paid at the desk"),
    "authorised": _("%(amount)s held; taking it is ordered and tried until it is answered"),
    "method_saved": _("%(amount)s agreed; taking it is ordered and tried until it is answered"),
    "captured": _("%(amount)s taken"),
    RELEASED: _("%(amount)s taken, the rest released"),
    AT_DESK: _("%(amount)s received at the desk"),
    "voided": _("nothing taken"),
    "refunded": _("%(amount)s paid back"),
}


def online(attempt: PaymentAttempt) -> bool:
    """Whether the attempt's provider takes money by itself; one that is gone did."""
    provider = runtime.current().registry.payments.get(attempt.provider)
    return provider is None or provider.capabilities.online


def sentence(words: Mapping[str, str], attempt: PaymentAttempt, minor: int) -> str:
    """What became of an attempt, with an amount in its currency; "" for a state that its reader need not know."""
    key = attempt.status
    if key == "captured" and not online(attempt):
        key = AT_DESK
    elif key == "captured" and attempt.authorised_minor > attempt.captured_minor:
        key = RELEASED
    return text(words[key], amount=i18n.money(checkout.money_of(attempt, minor))) if key in words else ""
