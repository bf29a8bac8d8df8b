"""Money that a person took or gave back at a desk: what a provider without a network cannot see, staff state.

Both join the open unit of work; the caller has checked that the actor may do it, and the audit trail keeps who it was.
"""

from dataclasses import replace

from toubib.contracts.payment import Observed, ObservedState
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.services import attempts, dues, observations


class NotAtDesk(Exception):
    """The due is not paid at a desk, or not in this amount."""


def owed(encounter_id: str) -> dues.Due | None:
    """What of a visit is final and still to be paid at the desk; `None` for nothing."""
    for due in dues.of_encounter(encounter_id):
        if due.amount is not None and due.status in ("open", "secured") and due.paid.minor < due.amount.minor and _waits(due.id):
            return due
    return None


def _waits(due_id: str) -> bool:
    return any(not attempts.provider_of(row.provider).capabilities.online and row.status in ("created", "pending") for row in dues.attempts(due_id))


def received_at_desk(due_id: str) -> None:
    """The final amount of a due was received at the desk. Saying it twice changes nothing; raises `NotAtDesk`."""
    due, row = _at_desk(due_id)
    if due.amount_minor is None:
        raise NotAtDesk("the amount is not final yet")
    if row.captured_minor:
        return
    observations.apply(row.id, _seen(row, captured=due.amount_minor))
    attempts.noted(row, due, "payment.received_at_desk")


def returned_at_desk(due_id: str, total_minor: int) -> None:
    """`total_minor` in all was given back at the desk of what was received there; raises `NotAtDesk` for more than that."""
    due, row = _at_desk(due_id)
    if not row.refunded_minor <= total_minor <= row.captured_minor:
        raise NotAtDesk(f"{total_minor} is not within the received {row.captured_minor}")
    observations.apply(row.id, replace(_seen(row, captured=row.captured_minor), refunded=total_minor))
    attempts.noted(row, due, "payment.returned_at_desk")


def _seen(row: PaymentAttempt, captured: int) -> Observed:
    return Observed(ObservedState.CAPTURED, row.currency, captured=captured, refunded=row.refunded_minor)


def _at_desk(due_id: str) -> tuple[MoneyDue, PaymentAttempt]:
    due = dues.locked(due_id)
    for row in reversed(dues.attempts(due_id)):
        if not attempts.provider_of(row.provider).capabilities.online and row.status in ("created", "pending", "captured", "refunded"):
            return due, row
    raise NotAtDesk("nothing is to be paid at the desk")
