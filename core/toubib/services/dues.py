"""What somebody owes: opened with a maximum the debtor agreed to, final once the acts are known, never above the maximum.

A due stands apart from how it is paid (`toubib.services.payments`): one due may see several attempts. All of it happens inside
the caller's unit of work, and whoever changes a due or its attempts locks the due first (`locked`), so that a webhook and
the user's own return never act on it at the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from toubib.audit import trail
from toubib.contracts.common import Message, Money, Ref
from toubib.db import session
from toubib.db.states import move
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.services import ledger
from toubib.services.locking import lock_agreement

KIND = "money_due"
GONE = ("failed", "abandoned", "expired", "voided")
EARNED = {"settle": ledger.REVENUE, "no_show": ledger.NO_SHOW}
"""Why an amount became final, and the account it was earned on."""


class WrongAmount(Exception):
    """An amount below zero, above what the debtor agreed to, or another one than was made final before."""


class AlreadyDue(Exception):
    """The same purpose is due already, for another amount, and somebody is paying it: release that one first."""

    def __init__(self, due_id: str) -> None:
        super().__init__(due_id)
        self.due_id = due_id


@dataclass(frozen=True, slots=True)
class Due:
    """A due as others may see it. `amount` is empty until the acts are known; `paid` is captured less refunded."""

    id: str
    organisation_id: str
    encounter_id: str | None
    purpose: str
    debtor_person_id: str | None
    maximum: Money
    amount: Money | None
    paid: Money
    status: str
    created_at: datetime


def open_due(
    organisation_id: str,
    encounter_id: str | None,
    purpose: str,
    debtor_person_id: str | None,
    currency: str,
    max_minor: int,
    due_at: datetime | None = None,
) -> str:
    """Open what is owed for a purpose of an encounter, at most `max_minor`; returns the due's id.

    Opening the same again returns the same due. As long as nobody pays it, the maximum may still change; afterwards
    another maximum raises `AlreadyDue`. A maximum below zero raises `WrongAmount`.
    """
    if max_minor < 0:
        raise WrongAmount(f"{max_minor} is no maximum")
    known = _live(encounter_id, purpose) if encounter_id else None
    if known is not None:
        return _same(known, debtor_person_id, currency, max_minor)
    row = MoneyDue(
        organisation_id=organisation_id,
        purpose=purpose,
        encounter_id=encounter_id,
        debtor_person_id=debtor_person_id,
        currency=currency,
        max_minor=max_minor,
        due_at=due_at,
    )
    session().add(row)
    session().flush()
    _wrote("money_due.opened", row)
    return row.id


def _live(encounter_id: str, purpose: str) -> MoneyDue | None:
    lock_agreement(encounter_id)
    query = select(MoneyDue).where(MoneyDue.encounter_id == encounter_id, MoneyDue.purpose == purpose, MoneyDue.status != "cancelled")
    return session().exec(query.with_for_update(key_share=True)).first()


def _same(row: MoneyDue, debtor_person_id: str | None, currency: str, max_minor: int) -> str:
    if (row.currency, row.max_minor, row.debtor_person_id) == (currency, max_minor, debtor_person_id):
        return row.id
    if row.status != "open" or row.amount_minor is not None or any(a.status not in GONE for a in attempts(row.id)):
        raise AlreadyDue(row.id)
    row.currency, row.max_minor, row.debtor_person_id = currency, max_minor, debtor_person_id
    session().flush()
    return row.id


def locked(due_id: str) -> MoneyDue:
    """The row of a due, locked until the unit of work ends, and read anew; what was agreed for its encounter is locked before it."""
    encounter_id = session().exec(select(MoneyDue.encounter_id).where(MoneyDue.id == due_id)).one()
    if encounter_id is not None:
        lock_agreement(encounter_id)
    query = select(MoneyDue).where(MoneyDue.id == due_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    return session().exec(query).one()


def attempts(due_id: str) -> Sequence[PaymentAttempt]:
    """The attempts on a due, oldest first."""
    query = select(PaymentAttempt).where(PaymentAttempt.due_id == due_id)
    return session().exec(query.order_by(col(PaymentAttempt.created_at), PaymentAttempt.id)).all()


def read(due_id: str) -> Due:
    """One due; raises `NoResultFound` for an unknown id."""
    return _as_due(session().get_one(MoneyDue, due_id))


def of_encounter(encounter_id: str) -> Sequence[Due]:
    """The dues of an encounter, oldest first, cancelled ones included."""
    query = select(MoneyDue).where(MoneyDue.encounter_id == encounter_id).order_by(col(MoneyDue.created_at), MoneyDue.id)
    return [_as_due(row) for row in session().exec(query)]


def _as_due(row: MoneyDue) -> Due:
    amount = None if row.amount_minor is None else Money(row.amount_minor, row.currency)
    return Due(
        id=row.id,
        organisation_id=row.organisation_id,
        encounter_id=row.encounter_id,
        purpose=row.purpose,
        debtor_person_id=row.debtor_person_id,
        maximum=Money(row.max_minor, row.currency),
        amount=amount,
        paid=Money(paid_minor(row.id), row.currency),
        status=row.status,
        created_at=row.created_at,
    )


def paid_minor(due_id: str) -> int:
    """What was captured and not refunded, over all attempts, in minor units."""
    return sum(a.captured_minor - a.refunded_minor for a in attempts(due_id))


def set_final(due_id: str, amount_minor: int, why: str = "settle") -> None:
    """Make the amount final and enter it in the ledger as earned: `why` is `settle` or `no_show`.

    Saying the same again changes nothing. Raises `WrongAmount` above the maximum the debtor agreed to, or for another amount
    than before (a correction is a refund). Afterwards `payments.collect` asks the provider for what is missing.
    """
    row = locked(due_id)
    if row.status == "cancelled":
        raise WrongAmount("nothing is owed any more")
    if row.amount_minor is not None and row.amount_minor != amount_minor:
        raise WrongAmount(f"{row.amount_minor} was final already")
    if not 0 <= amount_minor <= row.max_minor:
        raise WrongAmount(f"{amount_minor} is not between 0 and {row.max_minor}")
    if row.amount_minor is not None:
        return
    row.amount_minor = amount_minor
    if amount_minor:
        _earn(row, Money(amount_minor, row.currency), why)
    _wrote("money_due.final", row, reason=why)
    review(row)


def _earn(row: MoneyDue, amount: Money, why: str) -> None:
    ledger.post(
        row.organisation_id,
        debit=receivable(row),
        credit=ledger.AccountRef(EARNED[why]),
        amount=amount,
        why=why,
        key=f"due:{row.id}:final",
        due_id=row.id,
    )


def receivable(row: MoneyDue) -> ledger.AccountRef:
    """The account on which the debtor of a due owes it."""
    return ledger.AccountRef(ledger.RECEIVABLE, row.debtor_person_id or "")


def cancel(due_id: str) -> None:
    """Nothing is owed any more. Only before the amount is final; `payments.release` also gives back what is held.

    Cancelling twice is no error; a final or paid due raises `IllegalMove` or `WrongAmount` (give a refund instead).
    """
    row = locked(due_id)
    if row.status == "cancelled":
        return
    if row.amount_minor is not None:
        raise WrongAmount("the amount is final: give a refund instead")
    move(KIND, row, "cancelled")
    session().flush()
    _wrote("money_due.cancelled", row)


SECURING = ("authorised", "method_saved", "captured")


def review(row: MoneyDue) -> None:
    """Bring the status in line with amount and attempts: open, secured, settled or refunded."""
    wanted = _status(row)
    if row.status == "settled" and wanted != "refunded":
        return
    if row.status not in (wanted, "cancelled", "refunded"):
        move(KIND, row, wanted)
        _wrote(f"money_due.{wanted}", row)
    session().flush()


def _status(row: MoneyDue) -> str:
    if row.amount_minor is not None:
        given_up = ledger.given_up(row.id)
        if row.amount_minor and given_up >= row.amount_minor:
            return "refunded"
        if paid_minor(row.id) >= row.amount_minor - given_up:
            return "settled"
    return "secured" if any(a.status in SECURING for a in attempts(row.id)) else "open"


def _wrote(action: str, row: MoneyDue, reason: str = "") -> None:
    trail.wrote(action, Ref(KIND, row.id), organisation_id=row.organisation_id, person_id=row.debtor_person_id or "", reason=reason)


def sentence(key: str, **params: Money | str) -> Message:
    """A sentence of the core on money."""
    return Message("toubib", key, params)
