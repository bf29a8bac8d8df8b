"""What a provider says of an attempt, applied: checked against what was agreed, entered in the ledger, told to whoever decides.

Only what was read from the provider itself comes here (`fetch`, or the answer to an order), never a webhook's own words.
Applying the same twice, or an older observation after a newer one, changes nothing.
"""

from collections.abc import Callable
from typing import TypeAlias

import structlog

from toubib import runtime
from toubib.contracts.common import Money, Ref
from toubib.contracts.payment import Observed, ObservedState, PaymentMode
from toubib.db import session
from toubib.db.states import MACHINES
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.seams import clock
from toubib.services import attempts, credit_notes, dues, invoices, ledger, orders, shares

log = structlog.get_logger("toubib.payments")
DIFFERS = "The payment service reports another amount or currency than was agreed. Nothing was counted; the practice looks into it."

ASKS_THE_PAYER = "Your bank wants you to confirm this payment yourself. Please enter your card once more."


Decide: TypeAlias = Callable[[MoneyDue, PaymentAttempt], None]
_decides: dict[str, Decide] = {}


def decide_with(purpose: str, decide: Decide) -> None:
    """Name who decides what a change of money means for a purpose (`consultation`): confirm the booking, or let it go.

    Called at start, once per purpose; the last one counts. `decide(due, attempt)` runs inside the unit of work that applies the
    change, with both rows locked, when an attempt has secured the due (`authorised`, `method_saved`, `captured`), also late, after
    it was given up, and when nothing secures it any more (`failed`, `voided`, `expired`). It may call any service, also `payments.release`.
    If it raises, nothing of the change is kept and it is tried again. It is not asked about money that is given back anyhow:
    of a cancelled due, or paid twice.
    """
    _decides[purpose] = decide


EVENTS = {
    "authorised": "payment.authorised",
    "method_saved": "payment.method_saved",
    "captured": "payment.captured",
    "failed": "payment.failed",
    "voided": "payment.released",
    "expired": "payment.released",
}
TELLING = frozenset(EVENTS)


def apply(attempt_id: str, observed: Observed) -> None:
    """Apply what the provider says, in the open unit of work. What does not fit the agreement is recorded and not counted."""
    due, row = attempts.locked(attempt_id)
    row.looked_at = clock.now()
    fault = mismatch(due, row, observed)
    if fault:
        _record_mismatch(due, row, fault)
        return
    before = row.status
    _take_over(row, observed)
    refunded = _book(due, row, observed)
    state = next_state(row, observed)
    if state is not None and state != before:
        attempts.go(row, state)
        _tell(due, row, before)
    elif refunded:
        _publish(due, row, "payment.refunded")
    dues.review(due)
    if due.status == "settled":
        invoices.make_papers(due.id)
    if refunded:
        credit_notes.issue_missing(due.id)


def mismatch(due: MoneyDue, row: PaymentAttempt, observed: Observed) -> str:
    """What in an observation contradicts the agreement, in a word; empty when it fits."""
    amounts = (observed.authorised, observed.captured, observed.refunded)
    if (observed.currency or any(amounts)) and observed.currency.upper() != row.currency:
        return "currency"
    if min(amounts) < 0 or max(observed.authorised, observed.captured) > row.amount_minor or observed.refunded > observed.captured:
        return "amount"
    if observed.state is ObservedState.AUTHORISED and observed.authorised != row.amount_minor:
        return "authorised amount"
    if observed.captured > row.captured_minor and observed.captured not in _captures(due, row, observed):
        return "captured amount"
    if observed.captured > row.captured_minor and row.status in ("voided", "expired", "failed"):
        return "money after the end"
    return ""


def _captures(due: MoneyDue, row: PaymentAttempt, observed: Observed) -> set[int]:
    """The amounts that may have been captured: the ordered one, else the final one, else all, or what was taken at the provider."""
    ordered = orders.captured_by_order(row)
    if ordered is not None:
        return {ordered}
    if row.status == "authorised":
        return {observed.captured}
    if due.amount_minor is not None:
        return {due.amount_minor, row.amount_minor}
    return {row.amount_minor}


def _record_mismatch(due: MoneyDue, row: PaymentAttempt, fault: str) -> None:
    text = attempts.failure_text(dues.sentence(DIFFERS))
    log.warning("payment does not fit its agreement", attempt=row.id, provider=row.provider, fault=fault)
    if row.failure != text:
        row.failure = text
        attempts.noted(row, due, "payment.mismatch", reason=fault)
    session().flush()


def _take_over(row: PaymentAttempt, observed: Observed) -> None:
    """Keep what the provider tells beside state and money moved."""
    if observed.state is ObservedState.AUTHORISED:
        row.authorised_minor = observed.authorised
        row.authorised_until = observed.expires_at
    if observed.saved_method:
        row.saved_method = observed.saved_method
    elif observed.state is ObservedState.VOIDED:
        row.saved_method = ""
    if observed.provider_ref and observed.provider_ref != row.provider_ref:
        row.observed_ref = observed.provider_ref
    if observed.reason is not None or observed.state in (ObservedState.AUTHORISED, ObservedState.CAPTURED, ObservedState.METHOD_SAVED):
        row.failure = attempts.failure_text(observed.reason)


def _book(due: MoneyDue, row: PaymentAttempt, observed: Observed) -> bool:
    """Enter newly captured and refunded money; returns whether something was refunded. Totals never go back."""
    clearing, receivable = ledger.AccountRef(ledger.CLEARING, row.provider), dues.receivable(due)
    captured, refunded = observed.captured - row.captured_minor, observed.refunded - row.refunded_minor
    if captured > 0:
        _post(due, row, clearing, receivable, captured, "capture", observed.captured)
        row.captured_minor = observed.captured
    if refunded > 0:
        _post(due, row, receivable, clearing, refunded, "refund", observed.refunded)
        row.refunded_minor = observed.refunded
        _give_up_earned(due, row, refunded)
    return refunded > 0


def _give_up_earned(due: MoneyDue, row: PaymentAttempt, refunded: int) -> None:
    """What was refunded of a final amount is owed no more."""
    owed = ledger.of_due(due.id)
    if due.amount_minor is not None and owed is not None and owed.minor > 0:
        given_up = min(refunded, owed.minor)
        _post(due, row, ledger.AccountRef(ledger.REFUNDS), dues.receivable(due), given_up, ledger.GIVEN_UP, row.refunded_minor)
        shares.take_back(due.id, given_up, f"attempt:{row.id}:given_up:{row.refunded_minor}")


def _post(due: MoneyDue, row: PaymentAttempt, debit: ledger.AccountRef, credit: ledger.AccountRef, minor: int, why: str, total: int) -> None:
    ledger.post(
        row.organisation_id,
        debit,
        credit,
        Money(minor, row.currency),
        why=why,
        key=f"attempt:{row.id}:{why}:{total}",
        due_id=due.id,
        attempt_id=row.id,
    )


MEANS = {
    ObservedState.AUTHORISED: "authorised",
    ObservedState.METHOD_SAVED: "method_saved",
    ObservedState.FAILED: "failed",
    ObservedState.VOIDED: "voided",
    ObservedState.EXPIRED: "expired",
}
OVER = {"method_saved": "voided", "authorised": "voided"}


def next_state(row: PaymentAttempt, observed: Observed) -> str | None:
    """The state an attempt goes to by an observation; `None` when it stays, e.g. because the observation is an older one."""
    if row.captured_minor:
        wanted = "refunded" if row.refunded_minor == row.captured_minor else "captured"
    elif observed.state in MEANS:
        wanted = MEANS[observed.state]
    else:
        return None
    if wanted == "voided" and row.status not in OVER:
        wanted = "expired"
    if wanted == "expired" and row.status == "method_saved":
        wanted = "voided"
    if wanted == "failed" and row.status == "abandoned":
        wanted = "expired"
    return wanted if _reachable(row.status, wanted) else None


def _reachable(state: str, wanted: str) -> bool:
    machine = MACHINES[attempts.KIND]
    if state == "created" and wanted != "failed":
        state = "pending"
    return machine.allows(state, wanted) or (wanted == "refunded" and machine.allows(state, "captured"))


def _tell(due: MoneyDue, row: PaymentAttempt, before: str) -> None:
    """Publish a change, give back what came twice or too late, and ask whoever decides."""
    if row.status in EVENTS and not (row.status == "expired" and before in ("created", "pending", "abandoned")):
        _publish(due, row, EVENTS[row.status])
    if row.refunded_minor and row.status in ("captured", "refunded"):
        _publish(due, row, "payment.refunded")
    twice = before not in dues.SECURING and _secured_by_another(row)
    released = row.status in dues.SECURING and (twice or due.status in ("cancelled", "refunded"))
    if released:
        _send_back(row, "paid_twice" if twice else "cancelled")
    dues.review(due)
    if row.status in dues.SECURING and not released:
        _close_others(due, row)
    if not released and _matters(due, row, before):
        _decide(due, row)
    if due.amount_minor is not None and due.status in ("open", "secured") and not released:
        orders.collect(due.id)


def _matters(due: MoneyDue, row: PaymentAttempt, before: str) -> bool:
    """Whether the due is secured only now, or no more."""
    if row.status in dues.SECURING:
        return before not in dues.SECURING
    return row.status in TELLING and due.status == "open"


def _publish(due: MoneyDue, row: PaymentAttempt, event: str) -> None:
    attempts.noted(row, due, event)
    runtime.current().publisher.publish(event, Ref(attempts.KIND, row.id), row.organisation_id)


def _secured_by_another(row: PaymentAttempt) -> bool:
    return row.status in dues.SECURING and any(a.id != row.id and a.status in dues.SECURING for a in dues.attempts(row.due_id))


def _send_back(row: PaymentAttempt, why: str) -> None:
    if row.status == "captured":
        if orders.refundable(row) > 0:
            orders.order_refund(row.id, orders.refundable(row), why)
    else:
        orders.order_void(row.id)


def _close_others(due: MoneyDue, row: PaymentAttempt) -> None:
    for other in dues.attempts(due.id):
        if other.id != row.id and other.status in attempts.UNDECIDED:
            orders.order_abandon(other.id)


def _decide(due: MoneyDue, row: PaymentAttempt) -> None:
    decide = _decides.get(due.purpose)
    if decide is not None:
        decide(due, row)
        session().flush()


def asked_again(attempt_id: str, mode: PaymentMode, provider_ref: str) -> None:
    """The provider was asked to use a saved method: from now on the attempt is that try, under its new reference."""
    _, row = attempts.locked(attempt_id)
    row.mode, row.provider_ref = mode.value, provider_ref
    session().flush()


def needs_the_payer(attempt_id: str) -> None:
    """A saved method cannot be used without the payer: the try is given up and whoever decides asks for another."""
    due, row = attempts.locked(attempt_id)
    if row.status == "method_saved":
        row.failure = attempts.failure_text(dues.sentence(ASKS_THE_PAYER))
        attempts.go(row, "pending")
        dues.review(due)
        orders.order_abandon(row.id)
