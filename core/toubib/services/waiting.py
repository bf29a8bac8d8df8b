"""Attempts that wait: for a payer who never came back, for a webhook that was lost, for the days before a visit."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import or_
from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.payment import PaymentMode
from toubib.db import session
from toubib.db.tables.money import PaymentAttempt
from toubib.seams import clock
from toubib.services import attempts, dues, orders
from toubib.services.securing import choose_mode

AUTHORISE_BEFORE = timedelta(days=2)
"""How long before a visit a saved method is authorised: late enough to last, early enough to mend a refusal."""

AGAIN, AGAIN_WHEN_OLD, OLD = timedelta(minutes=2), timedelta(hours=1), timedelta(hours=1)
BATCH = 50


def _online() -> Sequence[str]:
    """Loaded providers that answer by themselves; what is paid at a desk is told by the desk."""
    return [name for name, provider in runtime.current().registry.payments.items() if provider.capabilities.online]


def overdue() -> Iterator[Callable[[], None]]:
    """What has to be done by now, an act for each attempt. Read in one unit of work, each done in another."""
    yield from (partial(_give_up, attempt_id) for attempt_id in _lapsed())
    yield from (partial(_forget_unbegun, attempt_id) for attempt_id in _unbegun())
    yield from (partial(_authorise, attempt_id) for attempt_id in _saved())


def _lapsed() -> Sequence[str]:
    """Attempts whose time is over."""
    query = select(PaymentAttempt.id).where(
        col(PaymentAttempt.status).in_(attempts.UNDECIDED),
        PaymentAttempt.expires_at <= clock.now(),
        col(PaymentAttempt.provider).in_(_online()),
    )
    return session().exec(query.limit(BATCH)).all()


def _give_up(attempt_id: str) -> None:
    """Its page cannot be paid any more."""
    _, row = attempts.locked(attempt_id)
    if row.status in attempts.UNDECIDED:
        orders.order_abandon(attempt_id)


def _unbegun() -> Sequence[str]:
    """What was given up before its provider answered has no page that anybody knows."""
    query = select(PaymentAttempt.id).where(
        PaymentAttempt.status == "abandoned", PaymentAttempt.provider_ref == "", PaymentAttempt.created_at < clock.now() - OLD
    )
    return session().exec(query.limit(BATCH)).all()


def _forget_unbegun(attempt_id: str) -> None:
    _, row = attempts.locked(attempt_id)
    if row.status == "abandoned" and not row.provider_ref:
        attempts.go(row, "expired")


def _saved() -> Sequence[str]:
    """Saved methods whose visit is near enough to authorise them."""
    query = select(PaymentAttempt.id).where(
        PaymentAttempt.status == "method_saved",
        col(PaymentAttempt.visit_at) <= clock.now() + AUTHORISE_BEFORE,
        col(PaymentAttempt.provider).in_(_online()),
    )
    return session().exec(query.limit(BATCH)).all()


def _authorise(attempt_id: str) -> None:
    _, row = attempts.locked(attempt_id)
    can = attempts.provider_of(row.provider).capabilities
    if row.status == "method_saved" and not orders.leaving(row) and choose_mode(can, row.visit_at) is PaymentMode.AUTHORISE:
        orders.order_authorise(row.id)


def to_look_at() -> Sequence[str]:
    """Ids of the attempts to ask the provider about: waiting ones at growing intervals, authorisations that should have ended."""
    now = clock.now()
    rested = or_(
        col(PaymentAttempt.looked_at).is_(None),
        (col(PaymentAttempt.created_at) > now - OLD) & (col(PaymentAttempt.looked_at) < now - AGAIN),
        col(PaymentAttempt.looked_at) < now - AGAIN_WHEN_OLD,
    )
    wanted = or_(
        col(PaymentAttempt.status).in_(("pending", "abandoned")),
        (col(PaymentAttempt.status) == "authorised") & (col(PaymentAttempt.authorised_until) <= now),
    )
    query = select(PaymentAttempt.id).where(wanted, rested, PaymentAttempt.provider_ref != "", col(PaymentAttempt.provider).in_(_online()))
    return session().exec(query.order_by(col(PaymentAttempt.looked_at)).limit(BATCH)).all()


def looked(attempt_id: str) -> None:
    """Note that the provider was asked, with or without an answer."""
    session().get_one(PaymentAttempt, attempt_id).looked_at = clock.now()


def visit_moved(due_id: str, visit_at: datetime) -> None:
    """The visit takes place at another time: saved methods are authorised before the new one. Joins the unit of work."""
    dues.locked(due_id)
    for row in dues.attempts(due_id):
        if row.status in attempts.LIVE:
            row.visit_at = visit_at
    session().flush()
