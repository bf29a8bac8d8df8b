"""Orders to a provider: rows with a business key, written in the caller's unit of work, made by a job or the same request.

`toubib.services.payments.execute` makes the call outside the unit of work and repeats it with the same key until it is answered.
Each function checks what the machine and the amounts allow, and ordering the same thing twice is one order.
"""

from collections.abc import Sequence

from sqlmodel import col, func, select

from toubib import runtime
from toubib.db import session
from toubib.db.tables.money import MoneyDue, PaymentAttempt, ProviderCall
from toubib.services import attempts, dues

JOB = "toubib.provider_call"
ORDERED, ANSWERED, REFUSED, DROPPED = "ordered", "answered", "refused", "dropped"


class CannotOrder(Exception):
    """The attempt's state or amounts do not allow this order, or another amount was ordered before."""


def order_capture(attempt_id: str, amount_minor: int) -> str:
    """Take `amount_minor` of what is authorised and release the rest; returns the order's id.

    Raises `CannotOrder` unless the attempt is authorised for at least that much.
    """
    due, row = attempts.locked(attempt_id)
    key = f"{row.id}:capture"
    if row.status != "authorised" and _known(key) is None:
        raise CannotOrder(f"nothing is authorised: {row.status}")
    if not 0 < amount_minor <= row.authorised_minor:
        raise CannotOrder(f"{amount_minor} is not within the authorised {row.authorised_minor}")
    return _order(due, row, "capture", amount_minor, key)


def order_void(attempt_id: str) -> str:
    """Release an authorisation or a saved method; returns the order's id. Raises `CannotOrder` for any other state."""
    due, row = attempts.locked(attempt_id)
    if row.status not in ("authorised", "method_saved", "voided"):
        raise CannotOrder(f"nothing is held: {row.status}")
    if row.status != "voided" and _taking(row):
        raise CannotOrder("something else was ordered already: what it brings is given back when it is answered")
    return _order(due, row, "void", 0, f"{row.id}:void")


def order_refund(attempt_id: str, amount_minor: int, why: str) -> str:
    """Give `amount_minor` of what was captured back; returns the order's id.

    `why` is the business fact (`cancelled`, `overpaid`), once per attempt: the same fact is never refunded twice. Raises
    `CannotOrder` for more than what was captured and is not refunded or being refunded.
    """
    due, row = attempts.locked(attempt_id)
    key = f"{row.id}:refund:{why}"
    if _known(key) is None and not 0 < amount_minor <= refundable(row):
        raise CannotOrder(f"{amount_minor} is not within the refundable {refundable(row)}")
    return _order(due, row, "refund", amount_minor, key)


def order_again(due: MoneyDue, row: PaymentAttempt, amount_minor: int, number: int) -> str:
    """Order a refund that was refused anew, as the attempt's order of that number; the caller holds both rows and has checked the amount."""
    return _order(due, row, "refund", amount_minor, f"{row.id}:refund:again:{number}")


def order_abandon(attempt_id: str) -> str:
    """Give up an attempt that nobody finished: its page is closed; returns the order's id.

    Money that arrives all the same is taken or released, never ignored. Raises `CannotOrder` once something is secured.
    """
    due, row = attempts.locked(attempt_id)
    if row.status in attempts.UNDECIDED:
        attempts.go(row, "abandoned")
        attempts.noted(row, due, "payment.abandoned")
    elif row.status != "abandoned":
        raise CannotOrder(f"it is over: {row.status}")
    return _order(due, row, "abandon", 0, f"{row.id}:abandon:{row.provider_ref or '-'}")


def order_authorise(attempt_id: str) -> str:
    """Authorise the whole amount with the saved method, in the payer's absence; returns the order's id."""
    due, row = attempts.locked(attempt_id)
    if row.status != "method_saved":
        raise CannotOrder(f"no method is saved: {row.status}")
    return _order(due, row, "authorise", row.amount_minor, f"{row.id}:authorise")


def order_charge(attempt_id: str, amount_minor: int) -> str:
    """Charge a saved method at once with the final amount, in the payer's absence; returns the order's id."""
    due, row = attempts.locked(attempt_id)
    if row.status != "method_saved":
        raise CannotOrder(f"no method is saved: {row.status}")
    if not 0 < amount_minor <= row.amount_minor:
        raise CannotOrder(f"{amount_minor} is not within the agreed {row.amount_minor}")
    return _order(due, row, "charge", amount_minor, f"{row.id}:charge")


def refundable(row: PaymentAttempt) -> int:
    """What of an attempt may still be refunded, in minor units."""
    return row.captured_minor - row.refunded_minor - sum(call.amount_minor for call in _open(row, "refund"))


def refunded_by_orders(attempt_id: str) -> int:
    """What the answered orders gave back of an attempt, in minor units."""
    query = select(func.coalesce(func.sum(ProviderCall.amount_minor), 0)).where(ProviderCall.attempt_id == attempt_id, ProviderCall.verb == "refund")
    return int(session().exec(query.where(ProviderCall.status == ANSWERED)).one())


def captured_by_order(row: PaymentAttempt) -> int | None:
    """The amount of the capture or charge that was ordered on an attempt; `None` when none was."""
    query = select(ProviderCall.amount_minor).where(ProviderCall.attempt_id == row.id, col(ProviderCall.verb).in_(("capture", "charge")))
    return session().exec(query.where(ProviderCall.status != REFUSED)).first()


def _open(row: PaymentAttempt, verb: str) -> Sequence[ProviderCall]:
    query = select(ProviderCall).where(ProviderCall.attempt_id == row.id, ProviderCall.verb == verb, ProviderCall.status == ORDERED)
    return session().exec(query).all()


def _known(key: str) -> ProviderCall | None:
    return session().exec(select(ProviderCall).where(ProviderCall.key == key)).first()


def _order(due: MoneyDue, row: PaymentAttempt, verb: str, amount_minor: int, key: str) -> str:
    known = _known(key)
    if known is not None:
        if known.amount_minor != amount_minor:
            raise CannotOrder(f"{verb} was ordered for {known.amount_minor} already")
        return known.id
    call = ProviderCall(organisation_id=row.organisation_id, attempt_id=row.id, verb=verb, amount_minor=amount_minor, key=key)
    session().add(call)
    session().flush()
    attempts.noted(row, due, f"payment.{verb}_ordered")
    runtime.enqueue(JOB, {"call": call.id}, key=f"call:{call.id}")
    return call.id


def open_calls(due_id: str) -> Sequence[str]:
    """Ids of the orders of a due that are not answered yet, oldest first."""
    query = select(ProviderCall.id).join(PaymentAttempt, col(PaymentAttempt.id) == ProviderCall.attempt_id)
    query = query.where(PaymentAttempt.due_id == due_id, ProviderCall.status == ORDERED)
    return session().exec(query.order_by(col(ProviderCall.created_at), ProviderCall.id)).all()


def collect(due_id: str) -> Sequence[str]:
    """Make what was paid equal to the final amount: capture, charge or refund the difference, then release what is held beside.

    Call it after `dues.set_final`, in the same unit of work; returns the ids of all open orders of the due. Calling it again
    orders nothing twice. What is paid at a desk has no order: it waits for the desk.
    """
    due = dues.locked(due_id)
    if due.amount_minor is None:
        raise CannotOrder("the amount is not final")
    owed = due.amount_minor - dues.paid_minor(due_id)
    for row in dues.attempts(due_id):
        if owed < 0 and refundable(row) > 0:
            given = min(-owed, refundable(row))
            order_refund(row.id, given, "overpaid")
            owed += given
        elif owed > 0:
            owed -= _collect(row, owed)
    if owed <= 0:
        _release_held(due_id)
    dues.review(due)
    return open_calls(due_id)


def _collect(row: PaymentAttempt, owed: int) -> int:
    """Order what one attempt can give of what is owed; returns how much."""
    if row.status == "authorised" and not _open(row, "void"):
        amount = min(owed, row.authorised_minor)
        order_capture(row.id, amount)
        return amount
    if row.status == "method_saved" and not _open(row, "authorise") and not _open(row, "void"):
        amount = min(owed, row.amount_minor)
        order_charge(row.id, amount)
        return amount
    return 0


def _release_held(due_id: str) -> None:
    """Give back whatever is held on a due and not about to be captured."""
    for row in dues.attempts(due_id):
        if row.status in ("authorised", "method_saved") and not _taking(row):
            order_void(row.id)
        elif row.status in attempts.UNDECIDED:
            order_abandon(row.id)


def release(due_id: str, why: str = "cancelled") -> Sequence[str]:
    """Nothing shall be paid: void what is held, give up what waits, refund what was taken; returns the open orders' ids.

    A due whose amount was not final is cancelled by it; a final one becomes refunded once the provider has refunded. `why` is the
    business fact of the refund.
    """
    due = dues.locked(due_id)
    for row in dues.attempts(due_id):
        if refundable(row) > 0:
            order_refund(row.id, refundable(row), why)
    _release_held(due_id)
    if due.amount_minor is None:
        dues.cancel(due_id)
    return open_calls(due_id)


def give_up(due_id: str) -> Sequence[str]:
    """The held time lapsed: close what waits for the payer and keep the due open for money that still arrives.

    Returns the open orders' ids. What is secured already stays as it is.
    """
    dues.locked(due_id)
    for row in dues.attempts(due_id):
        if row.status in attempts.UNDECIDED:
            order_abandon(row.id)
    return open_calls(due_id)


def leaving(row: PaymentAttempt) -> bool:
    """Whether the release or the use of what an attempt holds is ordered already."""
    return _taking(row) or bool(_open(row, "void"))


def _taking(row: PaymentAttempt) -> bool:
    """Whether an order that may have moved money is not answered yet; what it did is not known before it is."""
    verbs = ("capture",) if row.status == "authorised" else ("charge", "authorise")
    return any(_open(row, verb) for verb in verbs)
