"""Promises that keep themselves: who did not answer in their time is replaced, a missed deadline gives the money back, chats end.

One job looks at the clock every few seconds. It decides from rows alone, one question in a unit of work of its own, so that after any
restart it finds what has passed meanwhile and does it once.
"""

import structlog
from sqlmodel import col, or_, select

from toubib.contracts.events import Event
from toubib.contracts.jobs import Payload
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import Assignment, ServiceRequest
from toubib.seams import clock
from toubib.services import requests
from toubib_advice import chatting, notices, questions
from toubib_advice.texts import DOMAIN

log = structlog.get_logger("toubib.advice")


def keep(_payload: Payload) -> None:
    """Job: every question whose time or whose practitioner's time has passed, and every chat that runs."""
    for encounter_id in _to_look_at():
        try:
            with database().unit_of_work():
                keep_one(encounter_id)
        except Exception:
            # one question must not stop the others; it is tried again at the next look
            log.exception("a promise could not be kept", encounter=encounter_id)


def _to_look_at() -> list[str]:
    now = clock.now()
    with database().reading():
        query = (
            select(ServiceRequest.encounter_id)
            .join(Encounter, col(Encounter.id) == ServiceRequest.encounter_id)
            .join(Assignment, (col(Assignment.encounter_id) == Encounter.id) & (col(Assignment.state) == "accepted"), isouter=True)
            .where(ServiceRequest.plugin == DOMAIN, col(ServiceRequest.status).in_(("active", "accepted")))
            .where(or_(col(ServiceRequest.due_at) <= now, col(Assignment.until) <= now, col(Encounter.status) == "in-progress"))
        )
        return list(session().exec(query.order_by(col(ServiceRequest.due_at))))


def keep_one(encounter_id: str) -> None:
    """What the clock asks of one question now. In a writing unit of work; doing it again changes nothing."""
    row = requests.locked(encounter_id)
    encounter = session().get_one(Encounter, encounter_id, populate_existing=True)
    taken, now = requests.assignment(encounter_id), clock.now()
    if row.status not in ("active", "accepted"):
        return
    if encounter.status == "in-progress":
        chatting.watch(encounter_id)
    elif row.due_at is not None and row.due_at <= now:
        requests.revoke(encounter_id, "deadline")
        notices.patient(encounter_id, "advice.refunded", "deadline")
    elif taken is not None and taken.until is not None and taken.until <= now:
        requests.give_back(encounter_id, "returned" if questions.of(encounter_id).kind == "chat" else "expired", "deadline")


def forgotten(event: Event) -> None:
    """Observer of a request of which nothing came: what was never sent is not kept."""
    with database().unit_of_work():
        if (row := requests.of(event.subject.id)) is not None and row.plugin == DOMAIN:
            questions.forget(event.subject.id)


def delivered(event: Event) -> None:
    """Observer of a paid question: its text becomes the first letter."""
    with database().unit_of_work():
        if (row := requests.of(event.subject.id)) is not None and row.plugin == DOMAIN:
            questions.deliver(event.subject.id)
