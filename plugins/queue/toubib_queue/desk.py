"""The practitioner's side: whom they may take, taking, giving back. Who may is the core's condition, never decided here."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from toubib.contracts.common import Refused
from toubib.contracts.identity import Actor
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import ServiceRequest
from toubib.seams import clock
from toubib.services import directory, questionnaires, requests, visits_now
from toubib.services.questionnaires import Answer
from toubib_queue import lines, order, places, questions
from toubib_queue.order import Waiting
from toubib_queue.texts import DOMAIN


@dataclass(frozen=True, slots=True)
class Waits:
    """Somebody whom the practitioner may take: nothing of who they are, all of what they said."""

    encounter_id: str
    line: str
    territory: str
    language: str
    age_group: str
    priority: int
    since: datetime
    answers: Sequence[Answer]


def _rows(actor: Actor) -> list[ServiceRequest]:
    query = select(ServiceRequest).where(ServiceRequest.plugin == DOMAIN, requests.takeable(actor.practitioner_roles))
    found = {row.encounter_id: row for row in session().exec(query).all() if row.active_at}
    waiting = [Waiting(row.encounter_id, row.active_at or clock.now(), row.priority) for row in found.values()]
    head_start = timedelta(minutes=lines.settings().head_start_minutes)
    return [found[place.encounter_id] for place in order.in_order(waiting, head_start)]


def glimpse(actor: Actor) -> str:
    """What changes when the list does; reads nothing of any patient."""
    state = [int(clock.now().timestamp() // 60), *(row.encounter_id for row in _rows(actor)), *own(actor)]
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


def waiting(actor: Actor) -> list[Waits]:
    """Everybody whom the practitioner may take, who is next first. Reading what they said is audited."""
    return [_waits(row) for row in _rows(actor)]


def _waits(row: ServiceRequest) -> Waits:
    since = row.active_at or row.created_at
    return Waits(row.encounter_id, row.service_name, row.territory, row.language, row.age_group, row.priority, since, said(row.encounter_id))


def said(encounter_id: str) -> Sequence[Answer]:
    """What a patient answered in the symptom form. Reading it is audited."""
    kept = questionnaires.of_encounter(encounter_id)
    return [answer for one in kept if one.questionnaire == questions.NAME for answer in one.answers]


def take(encounter_id: str, actor: Actor, reason: str = "") -> Refused | None:
    """Take a patient now: exactly one practitioner does. The agenda's time is theirs, the patient is called by mail.

    Refused when somebody was faster, when the practitioner may not treat them, or as `busy` when their agenda has a visit in these
    minutes and no reason is given. On refusal nothing has changed.
    """
    row = requests.of(encounter_id)
    if row is None or row.plugin != DOMAIN:
        return requests.OVER
    role_id = next((role for role in actor.practitioner_roles if _may(row.id, role)), actor.practitioner_roles[0])
    until = clock.now() + timedelta(minutes=lines.settings().come_within_minutes)
    with session().begin_nested() as attempt:
        refused = requests.take(encounter_id, role_id, until) or visits_now.begin(encounter_id, role_id, _minutes(row), override_reason=reason)
        if refused is not None:
            attempt.rollback()
            return refused
    _call(encounter_id, role_id)
    return None


def _may(request_id: str, role_id: str) -> bool:
    query = select(ServiceRequest.id).where(ServiceRequest.id == request_id, requests.takeable([role_id]))
    return session().exec(query).first() is not None


def _minutes(row: ServiceRequest) -> int:
    return next((line.minutes for line in lines.settings().lines if line.key == row.service_key), 15)


def _call(encounter_id: str, role_id: str) -> None:
    taken = requests.assignment(encounter_id)
    minutes = str(lines.settings().come_within_minutes)
    places.tell("called", encounter_id, taken.id if taken else "", visits_now.link(encounter_id), who=directory.role(role_id).name, minutes=minutes)


def give_back(encounter_id: str, reason: str) -> Refused | None:
    """Give a patient back before care began: they keep their rank, somebody else may take them, this practitioner is not offered them again."""
    encounter = session().get_one(Encounter, encounter_id)
    taken, role_id = requests.assignment(encounter_id), encounter.practitioner_role_id
    if refused := visits_now.undo(encounter_id) or requests.give_back(encounter_id, "declined", reason):
        return refused
    if taken and role_id:
        places.tell("again", encounter_id, taken.id, places.page(encounter_id), who=directory.role(role_id).name)
    return None


def own(actor: Actor) -> Sequence[str]:
    """Encounters that the practitioner has taken from the queue and whose care has not ended, oldest first."""
    query = (
        select(ServiceRequest.encounter_id)
        .join(Encounter, col(Encounter.id) == ServiceRequest.encounter_id)
        .where(ServiceRequest.plugin == DOMAIN, ServiceRequest.status == "accepted")
        .where(col(Encounter.practitioner_role_id).in_(actor.practitioner_roles), col(Encounter.status).in_(("planned", "arrived", "in-progress")))
        .order_by(col(ServiceRequest.active_at))
    )
    return session().exec(query).all()
