"""The practitioner's side: taking a question, writing, sending once, correcting, and following up."""

from datetime import timedelta

from sqlmodel import col, select

from toubib.contracts.common import ContractError, Message, Refused
from toubib.contracts.media import ParticipantRole
from toubib.db import session, vault
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import Assignment, ServiceRequest
from toubib.seams import clock
from toubib.services import letters, requests, shares, standing, written
from toubib_advice import notices, questions
from toubib_advice.models import Draft
from toubib_advice.settings import current
from toubib_advice.texts import say

ANSWER, FOLLOW_UP = "answer", "follow_up"
CHAT = Refused("chat", say("This is a chat: write in it instead."))
LATE = Refused("deadline", say("The promised time is over: the patient gets the money back. Your text is kept."))
ELSEWHERE = say("It was not sent: somebody else answers this by now, or its time is over. Your text is kept.")
SENT = Refused("answered", say("An answer was sent already. Your text is kept: send it as a correction if something is wrong."))


def take(encounter_id: str, role_id: str) -> Refused | None:
    """Accept a question: from now on its own time runs. What the practitioner read of the shares is promised."""
    if refused := standing.refusal(role_id, standing.ANSWER):
        return refused
    row = requests.locked(encounter_id)
    if row.due_at is not None and row.due_at <= clock.now():
        return requests.OVER
    until = clock.now() + timedelta(minutes=questions.of(encounter_id).answer_minutes)
    if refused := requests.take(encounter_id, role_id, min(until, row.due_at or until)):
        return refused
    shares.promise(encounter_id)
    questions.deliver(encounter_id)
    if questions.of(encounter_id).kind == "chat":
        notices.patient(encounter_id, "advice.waiting", f"taken:{role_id}")
    return None


def give_back(encounter_id: str, role_id: str) -> Refused | None:
    """Let somebody else answer; the same practitioner is not offered it again."""
    if (taken := requests.assignment(encounter_id)) is None or taken.practitioner_role_id != role_id:
        return written.NOT_YOURS
    if session().get_one(Encounter, encounter_id).status != "planned":
        return Refused("begun", say("It has begun and cannot be given back."))
    return requests.give_back(encounter_id, "declined", "given back")


def keep_draft(encounter_id: str, role_id: str, text: str) -> None:
    """Keep what is being written; whoever is not the one who answers keeps theirs as well."""
    row = _draft(encounter_id, role_id) or Draft(
        organisation_id=session().get_one(Encounter, encounter_id).organisation_id, encounter_id=encounter_id, practitioner_role_id=role_id
    )
    vault().seal(row, "body", text[: letters.LONGEST])
    row.updated_at = clock.now()
    session().add(row)
    session().flush()


def draft(encounter_id: str, role_id: str) -> str:
    """What somebody has written so far."""
    row = _draft(encounter_id, role_id)
    return vault().read(row, "body") if row else ""


def drafts(role_id: str) -> list[str]:
    """Encounters in which somebody keeps a text that was never sent, newest first."""
    query = select(Draft.encounter_id).where(Draft.practitioner_role_id == role_id, col(Draft.body).is_not(None))
    return list(session().exec(query.order_by(col(Draft.updated_at).desc())))


def _draft(encounter_id: str, role_id: str) -> Draft | None:
    return session().exec(select(Draft).where(Draft.encounter_id == encounter_id, Draft.practitioner_role_id == role_id)).first()


def tried(encounter_id: str) -> set[str]:
    """Every role that ever took a question, also those who let its time pass."""
    return set(session().exec(select(Assignment.practitioner_role_id).where(Assignment.encounter_id == encounter_id)))


def send(encounter_id: str, role_id: str, text: str, *, follows: bool = False) -> Refused | None:
    """Send the answer: care ends, the money is taken, the patient is told. Of two sent at once the first counts.

    Refused when somebody else answers by now, the promised time is over, or this practitioner may not act: the text is kept as a draft.
    `follows`: the practitioner takes further messages of this patient.
    """
    if refused := _refusal(encounter_id, role_id):
        keep_draft(encounter_id, role_id, text)
        return refused
    letters.write(encounter_id, ANSWER, ParticipantRole.PRACTITIONER, role_id, text)
    if refused := written.begin(encounter_id):
        raise ContractError(refused.message)
    questions.of(encounter_id).practitioner_follows = follows
    if (kept := _draft(encounter_id, role_id)) is not None:
        session().delete(kept)
    written.finish(encounter_id)
    notices.patient(encounter_id, "advice.waiting", "answer")
    return None


def _refusal(encounter_id: str, role_id: str) -> Refused | None:
    refused, row = written.refusal(encounter_id, role_id), requests.locked(encounter_id)
    if row.status == "completed" and session().get_one(Encounter, encounter_id).practitioner_role_id == role_id:
        return SENT
    if refused is written.NOT_YOURS:
        return Refused(refused.rule, ELSEWHERE)
    if refused is None and questions.of(encounter_id).kind == "chat":
        return CHAT
    return LATE if refused is None and row.due_at is not None and row.due_at <= clock.now() else refused


def correct(encounter_id: str, role_id: str, letter_id: str, text: str) -> Refused | None:
    """Correct one's own letter: both versions stay, and the patient is told."""
    if refused := standing.refusal(role_id, standing.ANSWER):
        return refused
    requests.locked(encounter_id)
    known = next((letter for letter in letters.of_encounter(encounter_id) if letter.id == letter_id), None)
    if known is None or known.corrected_by is not None:
        return Refused("corrected", say("This letter was corrected already. Correct its newest version."))
    corrected = letters.write(encounter_id, known.kind, ParticipantRole.PRACTITIONER, role_id, text, corrects_id=letter_id)
    notices.patient(encounter_id, "advice.waiting", corrected)
    return None


def may_follow_up(encounter_id: str) -> Message | None:
    """Why no further message can be written; `None` when both agreed and the time is not over."""
    row, encounter = questions.of(encounter_id), session().get_one(Encounter, encounter_id)
    if encounter.ended_at is None or encounter.status not in ("finished", "settled"):
        return say("Further messages are possible after the answer.")
    if not row.practitioner_follows:
        return say("This practitioner does not take further messages. Ask a new question instead.")
    if not row.patient_follows:
        return say("You have not agreed to further messages.")
    if clock.now() >= encounter.ended_at + timedelta(days=current().follow_up_days):
        return say("The time for further messages is over. Ask a new question instead.")
    return None


def agree_to_follow_up(encounter_id: str, role: ParticipantRole, *, wanted: bool) -> None:
    """One side wants further messages, or no more."""
    row = questions.of(encounter_id)
    if role is ParticipantRole.PATIENT:
        row.patient_follows = wanted
    else:
        row.practitioner_follows = wanted
    session().flush()


def follow_up(encounter_id: str, role: ParticipantRole, author_id: str, text: str) -> Refused | None:
    """Write a further message to one's own practitioner, or to one's own patient."""
    if (why := may_follow_up(encounter_id)) is not None:
        return Refused("follow_up", why)
    if role is ParticipantRole.PRACTITIONER and (refused := standing.refusal(author_id, standing.ANSWER)):
        return refused
    letter_id = letters.write(encounter_id, FOLLOW_UP, role, author_id, text)
    if role is ParticipantRole.PRACTITIONER:
        notices.patient(encounter_id, "advice.waiting", letter_id)
    else:
        notices.practitioner(encounter_id, "advice.work", letter_id)
    return None


def open_questions(role_ids: tuple[str, ...]) -> list[ServiceRequest]:
    """Questions that these roles may take now, the nearest deadline first."""
    query = select(ServiceRequest).where(ServiceRequest.plugin == "advice", requests.takeable(role_ids), col(ServiceRequest.due_at) > clock.now())
    return list(session().exec(query.order_by(col(ServiceRequest.due_at), ServiceRequest.id)))


def taken_by(role_ids: tuple[str, ...], *, finished: bool) -> list[ServiceRequest]:
    """What these roles answer now, or answered lately, the nearest deadline or the newest first."""
    query = select(ServiceRequest).join(Encounter, col(Encounter.id) == ServiceRequest.encounter_id)
    query = query.where(ServiceRequest.plugin == "advice", col(Encounter.practitioner_role_id).in_(role_ids))
    query = query.where(ServiceRequest.status == ("completed" if finished else "accepted"))
    order = col(ServiceRequest.closed_at).desc() if finished else col(ServiceRequest.due_at)
    return list(session().exec(query.order_by(order).limit(50)))
