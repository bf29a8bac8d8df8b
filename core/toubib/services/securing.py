"""Preparing an attempt: which provider, how much, and in which mode."""

from datetime import datetime

from toubib import runtime
from toubib.contracts.common import ContractError, Money
from toubib.contracts.payment import PaymentMode, PaymentProvider, ProviderCapabilities
from toubib.db import session, vault
from toubib.db.tables.directory import Organisation
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.seams import clock
from toubib.services import attempts, dues, orders


class CannotPay(ContractError):
    """This way of paying cannot be used now; the message says what to do instead."""


def create_attempt(
    due_id: str,
    provider: str,
    payer_email: str,
    locale: str,
    expires_at: datetime,
    visit_at: datetime | None,
    label: str,
) -> str:
    """Prepare to secure a due through an offered provider, in the open unit of work; returns the attempt's id.

    The mode follows from the visit: authorised now when the provider's `authorise_max_age` reaches it, else the method is saved
    and authorised shortly before. `expires_at` is when the held time lapses. Asking again while an equal
    attempt waits returns that one; anything else gives the waiting one up. `label` is neutral: it may stand on a bank
    statement. Raises `CannotPay` with a sentence for the payer.
    """
    due = dues.locked(due_id)
    chosen = _offered(provider)
    amount = Money(due.max_minor if due.amount_minor is None else due.amount_minor, due.currency)
    _check_due(due, amount, chosen.capabilities)
    asked = PaymentAttempt(
        organisation_id=due.organisation_id,
        due_id=due.id,
        provider=provider,
        account=session().get_one(Organisation, due.organisation_id).payment_account,
        mode=choose_mode(chosen.capabilities, visit_at).value,
        amount_minor=amount.minor,
        currency=amount.currency,
        key="",
        locale=locale,
        label=label,
        expires_at=expires_at,
        visit_at=visit_at,
    )
    return _waiting(due, asked, payer_email) or _added(due, asked, payer_email)


def _offered(name: str) -> PaymentProvider:
    if name not in runtime.current().settings.use.payment:
        raise CannotPay(dues.sentence("This way of paying is not offered any more. Choose another one."))
    return attempts.provider_of(name)


def _check_due(due: MoneyDue, amount: Money, can: ProviderCapabilities) -> None:
    if due.status != "open":
        raise CannotPay(dues.sentence("Nothing has to be paid here any more."))
    if amount.minor == 0:
        raise CannotPay(dues.sentence("There is nothing to pay."))
    if amount.currency not in can.currencies:
        raise CannotPay(dues.sentence("This way of paying does not take %(currency)s. Choose another one.", currency=amount.currency))


def choose_mode(can: ProviderCapabilities, visit_at: datetime | None) -> PaymentMode:
    """How a provider should secure the amount of a visit: authorise, save the method, or charge, whatever it can do first."""
    lasts = can.authorise_max_age is None or visit_at is None or visit_at <= clock.now() + can.authorise_max_age
    later = (PaymentMode.SAVE_METHOD, PaymentMode.CHARGE)
    for mode in (PaymentMode.AUTHORISE, *later) if lasts else later:
        if mode in can.modes:
            return mode
    raise CannotPay(dues.sentence("This way of paying cannot be used so long before the appointment. Choose another one."))


SAME = ("provider", "account", "mode", "amount_minor", "currency", "locale", "label", "visit_at")
"""What two attempts have in common when one may serve for the other: a provider hears the same words under one key."""


def _waiting(due: MoneyDue, asked: PaymentAttempt, payer_email: str) -> str | None:
    """An equal attempt that still waits; every other waiting one is given up."""
    found = None
    for row in dues.attempts(due.id):
        if row.status in attempts.UNDECIDED:
            equal = all(getattr(row, name) == getattr(asked, name) for name in SAME) and vault().read(row, "payer_email") == payer_email
            if equal and row.expires_at >= asked.expires_at and row.expires_at > clock.now():
                found = row.id
            else:
                orders.order_abandon(row.id)
    return found


def _added(due: MoneyDue, asked: PaymentAttempt, payer_email: str) -> str:
    asked.key = f"{due.id}:{len(dues.attempts(due.id)) + 1}"
    vault().seal(asked, "payer_email", payer_email)
    session().add(asked)
    session().flush()
    attempts.noted(asked, due, "payment.attempted")
    return asked.id
