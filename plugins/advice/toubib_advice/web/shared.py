"""What all pages of the plugin share: the blueprint, who acts, letters and the chat as both sides read them."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Refused
from toubib.contracts.media import Participant, ParticipantRole
from toubib.services import letters, meter, requests, room, room_files
from toubib.services.letters import Letter
from toubib.web import current_actor, problem
from toubib_advice import chatting, questions
from toubib_advice.models import Question
from toubib_advice.texts import DOMAIN, say, words

blueprint = Blueprint(DOMAIN, "toubib_advice", static_folder="static")

KINDS = {"question": say("The question"), "answer": say("The answer"), "follow_up": say("Further message")}
ACCEPTED = "application/pdf,image/jpeg,image/png"
YOU, PATIENT = say("You"), say("The patient")


def back(endpoint: str, encounter_id: str, anchor: str = "") -> ResponseReturnValue:
    """To a page of one question after something was done."""
    return redirect(url_for(f"{DOMAIN}.{endpoint}", encounter_id=encounter_id, _anchor=anchor or None), 303)


def refused(found: Refused, endpoint: str, encounter_id: str) -> ResponseReturnValue:
    """The page that says why not, with the way back."""
    label, href = words(say("Go back")), url_for(f"{DOMAIN}.{endpoint}", encounter_id=encounter_id)
    return problem(409, words(say("This cannot be done now")), words(found.message), actions=[{"label": label, "href": href}])


def role_of(encounter_id: str) -> str:
    """The acting practitioner's role in the organisation that was asked."""
    request = requests.of(encounter_id)
    organisation_id = request.organisation_id if request else ""
    held = [role.practitioner_role_id for role in current_actor().roles if role.organisation_id == organisation_id and role.practitioner_role_id]
    return held[0] if held else ""


def seat(encounter_id: str) -> Participant:
    """The actor's seat in the chat. No name is kept with it: who answers may not learn who asks."""
    found = room.participant(encounter_id, current_actor())
    return Participant(found.id, found.role, "" if found.role is ParticipantRole.PATIENT else found.display_name)


def letters_of(found: Sequence[Letter], reader: ParticipantRole, names: dict[ParticipantRole, str], zone: str) -> list[dict[str, Any]]:
    """Letters as both sides read them: who, when, what it corrects, when it was read. A corrected one is folded, never gone."""
    return [
        {
            "id": letter.id,
            "kind": words(KINDS[letter.kind]) if letter.kind in KINDS else letter.kind,
            "mine": letter.author_role is reader,
            "who": words(YOU) if letter.author_role is reader else names[letter.author_role],
            "when": when(letter.sent_at, zone),
            "text": letter.text,
            "correction": letter.corrects_id is not None,
            "corrected": letter.corrected_by is not None,
            "read": when(letter.read_at, zone) if letter.read_at else None,
        }
        for letter in found
    ]


def when(at: Any, zone: str) -> dict[str, str]:
    """An instant in words."""
    return {"iso": at.isoformat(), "text": i18n.moment(at, zone)}


def files_of(encounter_id: str) -> list[dict[str, str]]:
    """The files of a question, with where they open."""
    return [{"text": f.filename, "href": url_for("documents.open", document_id=f.document_id)} for f in room_files.sent(encounter_id)]


def chat_of(encounter_id: str, row: Question, who: Participant, seen: meter.Metered | None, zone: str) -> dict[str, Any]:
    """The chat's live part: the meter in money and minutes, and what was said."""
    currency = _currency(encounter_id)
    metered = seen or chatting.look(encounter_id)
    bill, patient = chatting.bill(row, metered, currency), who.role is ParticipantRole.PATIENT
    other = words(say("The practitioner")) if patient else asker_name(encounter_id)
    return {
        "url": url_for(f"{DOMAIN}.{'live' if patient else 'question_live'}", encounter_id=encounter_id),
        "state": words(say("The meter runs") if bill.running else say("The meter stands still: one of you is not here")),
        "running": bill.running,
        "time": words(chatting.words_of(metered)),
        "amount": i18n.money(bill.amount),
        "minutes": bill.minutes,
        "most": i18n.money(bill.most),
        "cap": row.cap_minutes,
        "rule": words(chatting.RULE),
        "lines": [
            {"mine": s.mine, "who": words(YOU) if s.mine else other, "text": s.text, "when": {"iso": s.at.isoformat(), "text": i18n.clock_time(s.at, zone)}}
            for s in room.chat(encounter_id, who)
        ],
        "say": url_for(f"{DOMAIN}.{'say_it' if patient else 'question_say'}", encounter_id=encounter_id),
        "stop": url_for(f"{DOMAIN}.{'stop' if patient else 'question_stop'}", encounter_id=encounter_id),
        "other": other,
    }


def _currency(encounter_id: str) -> str:
    found = requests.of(encounter_id)
    return found.currency if found else ""


def asker_name(encounter_id: str) -> str:
    """What the practitioner calls whoever asks."""
    asker = questions.asker(encounter_id)
    return words(say("Patient %(number)s", number=asker.name)) if questions.of(encounter_id).pseudonym else asker.name


def asker_lines(encounter_id: str) -> list[dict[str, str]]:
    """Who asks, as far as the practitioner may know."""
    asker = questions.asker(encounter_id)
    rows = [(say("Name"), asker_name(encounter_id)), *((label, words(text)) for label, text in ((say("Age"), asker.age), (say("Sex"), asker.sex)) if text)]
    return [{"term": words(label), "text": text} for label, text in rows]


LONGEST = letters.LONGEST
