"""Attempts to secure or move money, as rows and as what others may see of them.

The provider that a deployment offers is one thing (`[use] payment`), the provider that is loaded another: a provider that
is no longer offered still finishes its live attempts (it is drained), and until then it may not be removed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Message, Money, Ref
from toubib.contracts.payment import Attempt, PaymentMode, PaymentProvider
from toubib.db import session, vault
from toubib.db.states import move
from toubib.db.tables.directory import Organisation
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.services import dues

KIND = "payment_attempt"
UNDECIDED = ("created", "pending")
LIVE = (*UNDECIDED, "abandoned", "method_saved", "authorised")
"""States in which the provider may still move money, or has to release it."""


class NotLoaded(Exception):
    """The provider of a live attempt is not loaded: put its plugin back on the deployment's list."""


@dataclass(frozen=True, slots=True)
class AttemptView:
    """An attempt as pages may show it. `failure` is the provider's sentence when it refused."""

    id: str
    due_id: str
    provider: str
    status: str
    mode: PaymentMode
    amount: Money
    authorised: Money
    captured: Money
    refunded: Money
    expires_at: datetime
    authorised_until: datetime | None
    failure: Message | None


def provider_of(name: str) -> PaymentProvider:
    """A loaded provider, offered or not; raises `NotLoaded`."""
    try:
        return runtime.current().registry.payments[name]
    except KeyError as error:
        raise NotLoaded(f"the payment provider {name!r} is not loaded, and payments with it are not finished") from error


def live_at(provider: str) -> int:
    """How many attempts a provider still has to finish; its plugin may not be removed before this is zero."""
    query = select(func.count()).select_from(PaymentAttempt).where(PaymentAttempt.provider == provider, col(PaymentAttempt.status).in_(LIVE))
    return session().exec(query).one()


def stranded() -> Mapping[str, int]:
    """Live attempts whose provider is not loaded, counted by provider's name: their money cannot move."""
    query = select(PaymentAttempt.provider, func.count()).where(col(PaymentAttempt.status).in_(LIVE)).group_by(col(PaymentAttempt.provider))
    loaded = runtime.current().registry.payments
    return {name: count for name, count in session().exec(query) if name not in loaded}


def keeps(provider: str) -> Message | None:
    """Why the plugin of a provider must stay for now, for `toubib plugin remove`; `None` when it may go."""
    live = live_at(provider)
    if not live:
        return None
    return Message("toubib", "%(count)s payments are not finished. Take the provider off the offer and wait until they are.", {"count": live})


def locked(attempt_id: str) -> tuple[MoneyDue, PaymentAttempt]:
    """An attempt and its due, read anew; the due is locked, and with it all its attempts, until the unit of work ends."""
    due_id = session().exec(select(PaymentAttempt.due_id).where(PaymentAttempt.id == attempt_id)).one()
    due = dues.locked(due_id)
    query = select(PaymentAttempt).where(PaymentAttempt.id == attempt_id).execution_options(populate_existing=True)
    return due, session().exec(query).one()


def go(row: PaymentAttempt, state: str) -> None:
    """Move an attempt to another state, on the way that its machine allows; raises `IllegalMove`."""
    if row.status == "created" and state not in ("failed", "abandoned"):
        _step(row, "pending")
    if state == "refunded":
        _step(row, "captured")
    _step(row, state)


def _step(row: PaymentAttempt, state: str) -> None:
    if row.status == state:
        return
    move(KIND, row, state)
    session().flush()


def noted(row: PaymentAttempt, due: MoneyDue, action: str, reason: str = "") -> None:
    """Write what happened to an attempt into the audit trail."""
    trail.wrote(action, Ref(KIND, row.id), organisation_id=row.organisation_id, person_id=due.debtor_person_id or "", reason=reason)


def as_contract(row: PaymentAttempt) -> Attempt:
    """The attempt as its provider knows it: always the same words for the same key."""
    organisation = session().get_one(Organisation, row.organisation_id)
    return Attempt(
        id=row.id,
        due_id=row.due_id,
        amount=Money(row.amount_minor, row.currency),
        mode=PaymentMode(row.mode),
        key=row.key,
        account=row.account,
        label=row.label,
        payer_email=vault().read(row, "payer_email"),
        payee_name=organisation.name,
        locale=row.locale,
        expires_at=row.expires_at,
        provider_ref=row.provider_ref,
        saved_method=row.saved_method,
    )


def view(attempt_id: str) -> AttemptView:
    """One attempt; raises `NoResultFound` for an unknown id."""
    return _as_view(session().get_one(PaymentAttempt, attempt_id))


def of_due(due_id: str) -> Sequence[AttemptView]:
    """The attempts on a due, oldest first."""
    return [_as_view(row) for row in dues.attempts(due_id)]


def _as_view(row: PaymentAttempt) -> AttemptView:
    def money(minor: int) -> Money:
        return Money(minor, row.currency)

    return AttemptView(
        id=row.id,
        due_id=row.due_id,
        provider=row.provider,
        status=row.status,
        mode=PaymentMode(row.mode),
        amount=money(row.amount_minor),
        authorised=money(row.authorised_minor),
        captured=money(row.captured_minor),
        refunded=money(row.refunded_minor),
        expires_at=row.expires_at,
        authorised_until=row.authorised_until,
        failure=_as_message(row.failure),
    )


def failure_text(reason: Message | None) -> str:
    """A provider's sentence as it is stored: domain, key and plain parameters."""
    if reason is None:
        return ""
    plain = {k: v for k, v in reason.params.items() if isinstance(v, str | int)}
    return json.dumps({"domain": reason.domain, "key": reason.key, "params": plain}, ensure_ascii=False)


def _as_message(stored: str) -> Message | None:
    return Message(**json.loads(stored)) if stored else None
