"""A patient's place in the queue: taking it, where it stands, leaving it, and its end when nobody comes.

A place is a request of the core; its money hangs on the same encounter, so that whatever ends the place releases the money.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from babel import Locale
from sqlmodel import col, select

from toubib import i18n, runtime
from toubib.contracts.common import Money, Refused
from toubib.contracts.identity import Actor
from toubib.contracts.jobs import Payload
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import Assignment, ServiceRequest
from toubib.seams import clock
from toubib.services import notices, people, questionnaires, requests, visits, visits_now
from toubib.services.piecemeal import one_by_one
from toubib.services.questionnaires import Answer
from toubib.services.requests import Need, Wanted
from toubib_queue import alerts, duty, lines, order, questions
from toubib_queue.settings import LineSettings
from toubib_queue.texts import DOMAIN, say

NOBODY = Refused("scope", say("Nobody who is on duty can treat this patient: the age or the language does not fit."))
SOON_AFTER = timedelta(minutes=2)
"""Whoever came less than this ago still looks at the page, and needs no mail that they are next."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands. `position` counts from 1; `wait` is in minutes."""

    position: int
    wait: int


def need_of(line: LineSettings, given: Mapping[str, str]) -> Need:
    """What a patient of a line needs, by their answers."""
    language = given.get("language", "") or questions.only(line, "language")
    age = given.get("age", "") or questions.only(line, "age")
    return Need(line.profession, line.specialty, line.territory, language, age)


def join(line: LineSettings, given: Mapping[str, str], draft_key: str) -> str | Refused:
    """Keep a place for a visitor's browser while they say who they are and pay; the new encounter's id, or why not.

    Whoever asks at the same moment comes one after the other, so that the last place is given once.
    """
    lines.row(line, lock=True)
    if refused := lines.refusal(lines.state(line)):
        return refused
    need = need_of(line, given)
    if not any(duty.fits(card, need) for card in duty.on_duty(line)):
        return NOBODY
    wanted = Wanted(
        plugin=DOMAIN,
        key=line.key,
        name=i18n.localised(line.title),
        price=Money(line.price_minor, line.currency),
        need=need,
        act_codes=line.act_codes,
        priority=questions.priority(given),
    )
    encounter_id = requests.draft(lines.organisation_id(line), lines.settings().journey, wanted, draft_key, modality=line.modality)
    questionnaires.keep(encounter_id, questions.NAME, _answers(line, given))
    alerts.check_full(line)
    return encounter_id


def _answers(line: LineSettings, given: Mapping[str, str]) -> list[Answer]:
    """The answers as they were read, the signs first; what was left open is left out."""
    words = runtime.current().catalogues.render
    kept = [Answer("signs", words(say("Signs of an emergency")), words(questions.NO_SIGNS))]
    for question in questions.of_line(line):
        answer = given.get(question.key, "").strip()
        chosen = next((choice for choice in question.choices if choice.key == answer), None)
        said = _language(answer) if question.key == "language" else words(chosen.word) if chosen else answer
        if said:
            kept.append(Answer(question.key, words(question.brief), said))
    return kept


def _language(code: str) -> str:
    return str(Locale.parse(i18n.locale()).languages.get(code, code))


def own(actor: Actor) -> Sequence[ServiceRequest]:
    """The unfinished and waiting places of whoever asks, newest first."""
    mine = runtime.current().policy.condition(actor, "queue.prepare")
    query = select(ServiceRequest).join(Encounter, col(Encounter.id) == ServiceRequest.encounter_id).where(mine)
    live = col(ServiceRequest.status).in_(("draft", "active", "accepted"))
    found = session().exec(query.where(ServiceRequest.plugin == DOMAIN, live, col(Encounter.status).in_(("planned", "arrived")))).all()
    return sorted(found, key=lambda row: row.created_at, reverse=True)


def stands(encounter_id: str) -> Place | None:
    """Where a waiting patient stands; `None` for who does not wait any more."""
    row = requests.of(encounter_id)
    line = next((one for one in lines.settings().lines if row and one.key == row.service_key), None)
    if row is None or row.status != "active" or line is None:
        return None
    waiting = [place.encounter_id for place in lines.waiting(line)]
    if encounter_id not in waiting:
        return None
    ahead = waiting.index(encounter_id)
    there = duty.on_duty(line)
    return Place(ahead + 1, order.minutes_to_wait(ahead, len(there), duty.busy(there), line.minutes))


def leave(encounter_id: str, reason: str = "patient") -> Refused | None:
    """The patient does not want to wait any more: the place ends and what was held is ordered back. Refused once care has begun."""
    return visits_now.undo(encounter_id) or requests.revoke(encounter_id, reason)


def tell(template: str, encounter_id: str, key: str, link: str, **params: str) -> None:
    """Mail a patient about their place; the same key is mailed once."""
    encounter = session().get_one(Encounter, encounter_id)
    notices.queue(
        f"{DOMAIN}.{template}",
        people.email_of(encounter.person_id or ""),
        locale=encounter.locale,
        params=params,
        link=link,
        organisation_id=encounter.organisation_id,
        person_id=encounter.person_id,
        encounter_id=encounter_id,
        key=f"{DOMAIN}.{template}:{encounter_id}:{key}",
    )


def page(encounter_id: str) -> str:
    """The path of a place's page."""
    return f"/queue/places/{encounter_id}"


def expire(_payload: Payload) -> None:
    """Job: end the places of those who were called and did not come, and of those whom nobody could see in time."""
    missed, expired = (partial(_missed, one) for one in _late()), (partial(_expired, one) for one in _forgotten())
    one_by_one([*missed, *expired])


def _late() -> Sequence[str]:
    query = (
        select(Assignment.encounter_id)
        .join(ServiceRequest, col(ServiceRequest.encounter_id) == Assignment.encounter_id)
        .join(Encounter, col(Encounter.id) == Assignment.encounter_id)
        .where(ServiceRequest.plugin == DOMAIN, ServiceRequest.status == "accepted", Assignment.state == "accepted")
        .where(col(Assignment.until) <= clock.now(), Encounter.status == "planned")
    )
    with database().reading() as reading:
        return reading.exec(query).all()


def _missed(encounter_id: str) -> None:
    try:
        encounter, _appointment = visits.locked(encounter_id)
    except visits.NoVisit:
        return
    assigned = requests.assignment(encounter_id)
    if encounter.status != "planned" or assigned is None or assigned.until is None or assigned.until > clock.now():
        return
    assigned.state, assigned.ended_at = "expired", clock.now()
    if leave(encounter_id, "abandoned") is None:
        tell("missed", encounter_id, assigned.id, "/queue/", minutes=str(lines.settings().come_within_minutes))


def _longest() -> datetime:
    return clock.now() - timedelta(minutes=lines.settings().expires_after_minutes)


def _forgotten() -> Sequence[str]:
    query = select(ServiceRequest.encounter_id).where(ServiceRequest.plugin == DOMAIN, ServiceRequest.status == "active")
    with database().reading() as reading:
        return reading.exec(query.where(col(ServiceRequest.active_at) <= _longest())).all()


def _expired(encounter_id: str) -> None:
    if requests.locked(encounter_id).status == "active" and requests.revoke(encounter_id, "expired") is None:
        tell("expired", encounter_id, "", "/queue/", minutes=str(lines.settings().expires_after_minutes))


def watch(_payload: Payload) -> None:
    """Job: tell staff what has become too long or too full, and the first of each line that they are next."""
    with database().reading():
        offered = lines.offered()
    one_by_one([partial(act, line) for line in offered for act in (alerts.check, _soon)])


def _soon(line: LineSettings) -> None:
    for first in lines.waiting(line)[:1]:
        if first.since <= clock.now() - SOON_AFTER:
            tell("soon", first.encounter_id, "", page(first.encounter_id))
