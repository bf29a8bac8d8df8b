"""The ledger: double entry, append-only, one row per movement. Only services of the core write here.

Chart of accounts, per organisation, party and currency (what is debited grows the first four and `refunds`, shrinks the others):

- `patient_receivable` (party: the debtor's person id): what a person owes the organisation; below zero, what it owes them.
- `provider_clearing` (party: the payment provider): money that the provider took and has not yet paid out.
- `third_party_receivable` (party: the payer): what an insurer or sponsor owes the organisation itself.
- `bank` (party: the payer): transfers that arrived at the organisation, as somebody recorded them.
- `practice_revenue`, `no_show_fees`: what was earned.
- `refunds`: earned money that was given up again; it reduces what was earned.
- `payable` (party: who gets it): shares of what was earned that belong to the platform, a practitioner or a payee outside.

Movements, written "debit / credit":

- the final amount is known: `patient_receivable` / `practice_revenue` (or `no_show_fees`)
- a payer owes the organisation directly: `third_party_receivable` / `practice_revenue`
- that payer's transfer arrived: `bank` / `third_party_receivable`, and the other way round when it was recorded wrongly
- the provider captured: `provider_clearing` / `patient_receivable`
- the provider refunded: `patient_receivable` / `provider_clearing`
- a refund beyond what was paid too much: `refunds` / `patient_receivable`, so that nobody owes what was given back
- what was earned is shared out: `practice_revenue` / `payable`, once for each who gets a share; taken back when it was given up

An authorisation moves no money and has no row. Every row balances by construction, and the database refuses an amount
that is not positive, an account against itself, two currencies in one row, and any later change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as sum_query
from sqlmodel import col, select

from toubib.contracts.common import Money
from toubib.db import session
from toubib.db.once import found_or_added
from toubib.db.tables.money import LedgerAccount, LedgerTransfer

RECEIVABLE, CLEARING, REVENUE, NO_SHOW, REFUNDS, PAYABLE, THIRD_PARTY, BANK = (
    "patient_receivable",
    "provider_clearing",
    "practice_revenue",
    "no_show_fees",
    "refunds",
    "payable",
    "third_party_receivable",
    "bank",
)
KINDS = frozenset({RECEIVABLE, CLEARING, REVENUE, NO_SHOW, REFUNDS, PAYABLE, THIRD_PARTY, BANK})
GIVEN_UP = "given_up"
"""Why of a movement that gave earned money up."""
OF_THE_EARNED = frozenset({REVENUE, NO_SHOW, REFUNDS, PAYABLE})


class WrongPosting(Exception):
    """A movement that the books do not know: an unknown kind of account, or one key for two different movements."""


@dataclass(frozen=True, slots=True)
class AccountRef:
    """Which account: its kind and whose (a person's id, a provider's name, or nobody's in particular)."""

    kind: str
    party: str = ""


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What stands on one account: debits less credits, in minor units of its currency."""

    organisation_id: str
    account: AccountRef
    balance: Money


def post(
    organisation_id: str,
    debit: AccountRef,
    credit: AccountRef,
    amount: Money,
    *,
    why: str,
    key: str,
    due_id: str | None = None,
    attempt_id: str | None = None,
) -> bool:
    """Move `amount` from the credited to the debited account in the open unit of work; once per `key`.

    Returns whether it was written now. The same key with another amount, currency or reason raises `WrongPosting`.
    """
    known = session().exec(select(LedgerTransfer).where(LedgerTransfer.key == key)).first()
    if known is not None:
        if (known.amount_minor, known.currency, known.why) != (amount.minor, amount.currency, why):
            raise WrongPosting(f"the key {key} was used for another movement")
        return False
    session().add(
        LedgerTransfer(
            organisation_id=organisation_id,
            debit_id=_account(organisation_id, debit, amount.currency),
            credit_id=_account(organisation_id, credit, amount.currency),
            amount_minor=amount.minor,
            currency=amount.currency,
            why=why,
            due_id=due_id,
            attempt_id=attempt_id,
            key=key,
        )
    )
    session().flush()
    return True


def posted(key: str) -> bool:
    """Whether the movement of a key stands in the books already."""
    return session().exec(select(LedgerTransfer.id).where(LedgerTransfer.key == key)).first() is not None


def _account(organisation_id: str, ref: AccountRef, currency: str) -> str:
    """The id of an account, opened when it is used for the first time."""
    if ref.kind not in KINDS:
        raise WrongPosting(f"{ref.kind} is not in the chart of accounts")
    query = select(LedgerAccount).where(
        LedgerAccount.organisation_id == organisation_id,
        LedgerAccount.kind == ref.kind,
        LedgerAccount.party == ref.party,
        LedgerAccount.currency == currency,
    )
    new = LedgerAccount(organisation_id=organisation_id, kind=ref.kind, party=ref.party, currency=currency)
    return found_or_added(query, new).id


def of_attempt(attempt_id: str) -> Money | None:
    """What the books say that the provider holds of an attempt: captured less refunded. `None` before any movement."""
    return _single(_balances(LedgerTransfer.attempt_id == attempt_id, CLEARING))


def of_due(due_id: str) -> Money | None:
    """What is still owed of a due (below zero: what is owed to the debtor). `None` before any movement."""
    return _single(_balances(LedgerTransfer.due_id == due_id, RECEIVABLE))


def _single(found: Sequence[AccountBalance]) -> Money | None:
    if not found:
        return None
    total = found[0].balance
    for other in found[1:]:
        total += other.balance
    return total


def balances(organisation_id: str) -> Sequence[AccountBalance]:
    """Every account of an organisation with what stands on it."""
    return _balances(LedgerTransfer.organisation_id == organisation_id)


def trial_balance(organisation_id: str | None = None) -> Mapping[str, int]:
    """Per currency, the sum over all accounts (of one organisation, or of all): zero in books that balance."""
    totals: dict[str, int] = {}
    for found in _balances(LedgerTransfer.organisation_id == organisation_id if organisation_id else None):
        totals[found.balance.currency] = totals.get(found.balance.currency, 0) + found.balance.minor
    return totals


def given_up(due_id: str) -> int:
    """How much earned money of a due was given up by refunds, in minor units."""
    return sum(found.balance.minor for found in _balances(LedgerTransfer.due_id == due_id, REFUNDS))


def earned(due_id: str) -> int:
    """What was earned of a due and not given up, before it is shared out, in minor units: what its invoice and credit notes say together."""
    return -sum(found.balance.minor for found in _balances(LedgerTransfer.due_id == due_id) if found.account.kind in OF_THE_EARNED)


def shared(due_id: str) -> Mapping[str, Money]:
    """What of a due belongs to whom by now, by party: shares less what was taken back."""
    found = _balances(LedgerTransfer.due_id == due_id, PAYABLE)
    return {f.account.party: Money(-f.balance.minor, f.balance.currency) for f in found}


def _balances(where: Any = None, kind: str | None = None) -> Sequence[AccountBalance]:
    sums: dict[tuple[str, str, str, str], int] = {}
    for side, sign in ((col(LedgerTransfer.debit_id), 1), (col(LedgerTransfer.credit_id), -1)):
        for organisation, account, party, currency, amount in session().execute(_sum(side, where, kind)):
            key = (organisation, account, party, currency)
            sums[key] = sums.get(key, 0) + sign * int(amount)
    return [
        AccountBalance(organisation, AccountRef(account, party), Money(amount, currency))
        for (organisation, account, party, currency), amount in sorted(sums.items())
    ]


def _sum(side: Any, where: Any, kind: str | None) -> Any:
    columns = [col(LedgerAccount.organisation_id), col(LedgerAccount.kind), col(LedgerAccount.party), col(LedgerAccount.currency)]
    query = sum_query(*columns, func.sum(LedgerTransfer.amount_minor)).join(LedgerTransfer, col(LedgerAccount.id) == side).group_by(*columns)
    if where is not None:
        query = query.where(where)
    return query if kind is None else query.where(col(LedgerAccount.kind) == kind)
