"""Reconciliation: the ledger, attempt by attempt, against what the provider says that it moved.

Also what can be checked without a provider: that the books balance, and that they say the same as the attempts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, select

from toubib.contracts.common import Money, Period
from toubib.db import database, require_outside, session
from toubib.db.tables.money import LedgerTransfer, MoneyDue, PaymentAttempt
from toubib.services import attempts, breaker, ledger, refused

MARGIN = timedelta(days=1)
"""A movement late on one day may be booked early on the next: both sides are summed a day beyond the period asked for."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on which ledger and provider do not agree. `attempt_id` is empty for money that no attempt explains."""

    attempt_id: str
    provider_ref: str
    ours: Money
    theirs: Money


def compare(provider_name: str, period: Period) -> Sequence[Difference]:
    """Compare every attempt that moved money in a period; an empty answer means that all agree. Conductor.

    A provider without a network (a desk) keeps no book of its own, so there is nothing to compare. Raises
    `ProviderUnavailable`.
    """
    require_outside("reconciliation")
    provider = attempts.provider_of(provider_name)
    if not provider.capabilities.online:
        return []
    wide = Period(period.start - MARGIN, period.end + MARGIN)
    theirs: dict[tuple[str, str], int] = {}
    touched: set[tuple[str, str]] = set()
    with breaker.calling("payment", provider_name):
        movements = list(provider.movements(wide))
    for movement in movements:
        key = (movement.provider_ref, movement.amount.currency)
        theirs[key] = theirs.get(key, 0) + movement.amount.minor
        if period.start <= movement.at < period.end:
            touched.add(key)
    with database().reading():
        return _differences(provider_name, period, wide, theirs, touched)


def _differences(
    provider: str, period: Period, wide: Period, theirs: Mapping[tuple[str, str], int], touched: set[tuple[str, str]]
) -> Sequence[Difference]:
    ours = _ours(provider, wide)
    moved = set(_ours(provider, period))
    by_ref = _by_ref(provider, {ref for ref, _ in theirs})
    found = {(by_ref.get(ref, ""), "" if ref in by_ref else ref, currency) for ref, currency in touched}
    found |= {(attempt_id, "", currency) for attempt_id, currency in moved}
    differences = []
    for attempt_id, unknown_ref, currency in sorted(found):
        refs = [ref for ref in by_ref if by_ref[ref] == attempt_id] if attempt_id else [unknown_ref]
        said = sum(theirs.get((ref, currency), 0) for ref in refs)
        booked = ours.get((attempt_id, currency), 0)
        if said != booked:
            differences.append(Difference(attempt_id, refs[0] if refs else "", Money(booked, currency), Money(said, currency)))
    return differences


def _ours(provider: str, period: Period) -> Mapping[tuple[str, str], int]:
    """What the ledger moved per attempt and currency in a period: captured less refunded."""
    query = (
        select(LedgerTransfer.attempt_id, LedgerTransfer.currency, LedgerTransfer.why, LedgerTransfer.amount_minor)
        .join(PaymentAttempt, col(PaymentAttempt.id) == LedgerTransfer.attempt_id)
        .where(PaymentAttempt.provider == provider, col(LedgerTransfer.why).in_(("capture", "refund")))
        .where(LedgerTransfer.at >= period.start, LedgerTransfer.at < period.end)
    )
    sums: dict[tuple[str, str], int] = {}
    for attempt_id, currency, why, minor in session().exec(query):
        key = (attempt_id or "", currency)
        sums[key] = sums.get(key, 0) + (minor if why == "capture" else -minor)
    return sums


def _by_ref(provider: str, refs: set[str]) -> Mapping[str, str]:
    """Which attempt each of the provider's references belongs to."""
    found: dict[str, str] = {}
    for column in (PaymentAttempt.provider_ref, PaymentAttempt.observed_ref):
        query = select(column, PaymentAttempt.id).where(PaymentAttempt.provider == provider, col(column).in_(refs))
        found.update(dict(session().exec(query).all()))
    return found


def faults() -> Sequence[str]:
    """What is wrong in our own books, in words for an operator; empty when all is well. Reads everything; joins the unit of work."""
    found = [f"the books do not balance in {currency}: {sum_}" for currency, sum_ in ledger.trial_balance().items() if sum_]
    for row in session().exec(select(PaymentAttempt)):
        booked = ledger.of_attempt(row.id)
        held = row.captured_minor - row.refunded_minor
        if (booked.minor if booked else 0) != held:
            found.append(f"attempt {row.id}: the provider holds {held}, the ledger says {booked.minor if booked else 0} {row.currency}")
    for due in session().exec(select(MoneyDue)):
        found += _due_faults(due)
    found += [f"{count} payments wait for the provider {name!r}, which is not loaded" for name, count in attempts.stranded().items()]
    found += [f"attempt {r.provider_ref}: {r.provider!r} refused to give {r.amount.minor} {r.amount.currency} back" for r in refused.refused_refunds()]
    return found


def _due_faults(due: MoneyDue) -> Sequence[str]:
    owed = ledger.of_due(due.id)
    paid = sum(a.captured_minor - a.refunded_minor for a in session().exec(select(PaymentAttempt).where(PaymentAttempt.due_id == due.id)))
    expected = (due.amount_minor or 0) - ledger.given_up(due.id) - paid
    booked = owed.minor if owed else 0
    return [] if booked == expected else [f"due {due.id}: {expected} {due.currency} are open, the ledger says {booked}"]
