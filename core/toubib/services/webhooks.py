"""Webhooks of payment providers: proven, stored once, then looked into by a job that asks the provider for the truth.

Nothing that a webhook says about state or amount is used, so a duplicate, a late or an out-of-order one changes nothing; a forged
one is refused before anything is written.
"""

from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy import or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.jobs import Payload
from toubib.contracts.payment import WebhookFact, WebhookForged
from toubib.db import database, require_outside, session
from toubib.db.tables.money import InboxMessage, PaymentAttempt
from toubib.seams import clock
from toubib.services import conductors

log = structlog.get_logger("toubib.payments")
JOB = "toubib.handle_webhook"
KNOWN_WITHIN = timedelta(minutes=10)
"""How long a webhook may come before we have stored the reference it names."""


class NotYetKnown(Exception):
    """A webhook names an attempt that we do not know yet: it came before the answer to our own call."""


def receive(provider_name: str, headers: Mapping[str, str], body: bytes) -> int:
    """Take a webhook in; returns the status to answer with: 200 taken or nothing to do, 400 forged, 404 no such provider.

    Outside any unit of work. Anything else that goes wrong raises, so that the provider sends it again.
    """
    require_outside("receiving a webhook")
    provider = runtime.current().registry.payments.get(provider_name)
    if provider is None:
        return 404
    try:
        fact = provider.parse_webhook(headers, body)
    except WebhookForged:
        log.warning("forged webhook refused", provider=provider_name)
        return 400
    if fact is not None:
        _store(provider_name, fact)
    return 200


def _store(provider_name: str, fact: WebhookFact) -> None:
    try:
        with database().unit_of_work():
            known = select(InboxMessage.id).where(InboxMessage.source == provider_name, InboxMessage.event_id == fact.event_id)
            if session().exec(known).first() is None:
                row = InboxMessage(source=provider_name, event_id=fact.event_id, provider_ref=fact.provider_ref, kind=fact.kind)
                session().add(row)
                session().flush()
                runtime.enqueue(JOB, {"message": row.id}, key=f"inbox:{row.id}")
    except IntegrityError:
        # the same event arrived twice at the same moment; the other one is stored
        log.info("duplicate webhook", provider=provider_name)


def handle(payload: Payload) -> None:
    """Job: look at the attempt that a stored webhook names. Raises `NotYetKnown` to be tried again."""
    with database().reading() as reading:
        row = reading.get_one(InboxMessage, str(payload["message"]))
        named = or_(col(PaymentAttempt.provider_ref) == row.provider_ref, col(PaymentAttempt.observed_ref) == row.provider_ref)
        query = select(PaymentAttempt.id).where(PaymentAttempt.provider == row.source, named)
        attempt_id = reading.exec(query).first()
    if row.handled_at is not None:
        return
    if attempt_id is not None:
        conductors.look(attempt_id)
    elif clock.now() < row.received_at + KNOWN_WITHIN:
        raise NotYetKnown(row.kind)
    with database().unit_of_work() as writing:
        writing.get_one(InboxMessage, row.id).handled_at = clock.now()
