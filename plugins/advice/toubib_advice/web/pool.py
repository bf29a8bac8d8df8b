"""The practitioner's pages: which questions wait and what they bring, then one question from looking at it to correcting the answer."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import ContractError, Message, Money, Refused
from toubib.contracts.media import ParticipantRole
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import ServiceRequest
from toubib.services import dues, letters, requests, search, shares, standing
from toubib.services.written import NOT_YOURS
from toubib.web import acting, current_actor, looking, needs, not_found, render
from toubib_advice import alerts, answering, chatting, questions
from toubib_advice.models import Question
from toubib_advice.settings import current
from toubib_advice.texts import say, words
from toubib_advice.web.shared import asker_lines, asker_name, back, blueprint, chat_of, files_of, letters_of, refused, role_of, seat, when

PRACTITIONER = ParticipantRole.PRACTITIONER
WHO = {shares.PLATFORM: say("The platform keeps"), shares.PRACTITIONER: say("You earn"), shares.TREATING: say("The treating doctor gets")}


@blueprint.get("/questions")
@needs("advice.work")
def pool() -> ResponseReturnValue:
    """What waits, what one answers, what was answered. What it brings is read before it is accepted."""
    with looking():
        roles = current_actor().practitioner_roles
        page: dict[str, Any] = {
            "waiting": [_row(r, roles) for r in answering.open_questions(roles)],
            "mine": [_row(r, roles) for r in answering.taken_by(roles, finished=False)],
            "done": [_row(r, roles) for r in answering.taken_by(roles, finished=True)],
            "kept": _kept(roles),
            "mails": not all(map(alerts.quiet, roles)),
            "alerts": current().alert_minutes > 0,
        }
    return render("advice/pool.html", **page)


@blueprint.post("/questions/mails")
@needs("advice.work")
def choose_mails() -> ResponseReturnValue:
    """Have mails when a question with little time comes, or none."""
    with acting():
        for role_id in current_actor().practitioner_roles:
            alerts.switch(role_id, wanted=request.form.get("wanted") == "1")
    return redirect(url_for("advice.pool", _anchor="mails"), 303)


def _row(row: ServiceRequest, roles: tuple[str, ...]) -> dict[str, Any]:
    names = search.profession_labels()
    over, taken = row.status == "completed", requests.assignment(row.encounter_id)
    due = taken.until if taken and taken.until and row.status == "accepted" else row.due_at
    mine = [share for share in _shares(row, roles) if share.to == shares.PRACTITIONER]
    earned = mine[0].amount if mine else None
    amount = i18n.money(earned) if earned else ""
    return {
        "name": row.service_name,
        "specialty": names.get(row.specialty, row.specialty),
        "due": when(due, row.zone) if due and not over else None,
        "ended": when(row.closed_at, row.zone) if row.closed_at and over else None,
        "earn": words(_earning(row, amount)) if amount else "",
        "href": url_for("advice.question", encounter_id=row.encounter_id),
    }


def _earning(row: ServiceRequest, amount: str) -> Message:
    if row.status == "completed":
        return say("you earned %(amount)s", amount=amount)
    chat = questions.of(row.encounter_id).kind == "chat"
    return say("you earn %(amount)s at most", amount=amount) if chat else say("you earn %(amount)s", amount=amount)


def _shares(row: ServiceRequest, roles: tuple[str, ...]) -> list[shares.Share]:
    role_id = role_of(row.encounter_id) or (roles[0] if roles else "")
    final = [due.amount for due in dues.of_encounter(row.encounter_id) if due.amount is not None]
    amount = final[-1] if final else Money(row.price_minor, row.currency)
    return list(shares.preview(row.encounter_id, role_id, amount)) if role_id else []


def _kept(roles: tuple[str, ...]) -> list[dict[str, str]]:
    """Texts that were never sent, because somebody else answered or the time was over."""
    kept = []
    for role_id in roles:
        for encounter_id in answering.drafts(role_id):
            found = requests.of(encounter_id)
            writing = requests.assignment(encounter_id)
            theirs = found is not None and found.status == "accepted" and writing is not None and writing.practitioner_role_id == role_id
            if found is not None and not theirs:
                kept.append({"name": found.service_name, "text": answering.draft(encounter_id, role_id)})
    return kept


@blueprint.get("/questions/<encounter_id>")
@needs("advice.consider", "encounter_id")
def question(encounter_id: str) -> ResponseReturnValue:
    """One question: who asks (as far as one may know), the letters, who keeps what, and the next act."""
    with acting():
        questions.deliver(encounter_id)
        asked, row, role_id = requests.locked(encounter_id), questions.of(encounter_id), role_of(encounter_id)
        mine = session().get_one(Encounter, encounter_id).practitioner_role_id == role_id
        seen = chatting.here(encounter_id, seat(encounter_id)) if mine and row.kind == "chat" and asked.status == "accepted" else None
        asked = requests.locked(encounter_id)
        page = _page(encounter_id, row, asked, role_id)
        page["chat"] = chat_of(encounter_id, row, seat(encounter_id), seen, asked.zone) if mine and row.kind == "chat" and asked.status != "active" else None
        page["chatting"] = page["chat"] is not None and asked.status == "accepted"
    return render("advice/question.html", **page)


def _page(encounter_id: str, row: Question, asked: ServiceRequest, role_id: str) -> dict[str, Any]:
    encounter = session().get_one(Encounter, encounter_id, populate_existing=True)
    mine, begun = encounter.practitioner_role_id == role_id, encounter.status == "in-progress"
    found, taken = letters.of_encounter(encounter_id, reader=PRACTITIONER if mine else None), requests.assignment(encounter_id)
    barred, until = standing.refusal(role_id, standing.ANSWER), taken.until if taken and mine else asked.due_at
    return {
        "encounter_id": encounter_id,
        "row": row,
        "asked": asked,
        "who": asker_lines(encounter_id),
        "letters": letters_of(found, PRACTITIONER, {ParticipantRole.PATIENT: asker_name(encounter_id)}, asked.zone),
        "files": files_of(encounter_id) if mine else [],
        "hidden_files": 0 if mine else len(files_of(encounter_id)),
        "due": when(until, asked.zone) if until and asked.status in ("active", "accepted") and not begun else None,
        "shares": _share_rows(asked, row),
        "per_minute": row.kind == "chat" and asked.status != "completed",
        "mine": mine,
        "state": asked.status,
        "barred": words(barred.message) if barred else "",
        "draft": answering.draft(encounter_id, role_id),
        "follows": row.practitioner_follows,
        "follow_open": mine and answering.may_follow_up(encounter_id) is None,
        "longest": letters.LONGEST,
        "accept": _accept(row.answer_minutes),
        "begun": begun,
    }


def _accept(minutes: int) -> str:
    if minutes % 60 == 0:
        return words(say("Accept: answer within %(hours)s h", hours=minutes // 60))
    return words(say("Accept: answer within %(minutes)s minutes", minutes=minutes))


def _share_rows(asked: ServiceRequest, row: Question) -> list[dict[str, str]]:
    """Who keeps what of the price, of a minute of a chat, or of what was earned."""
    per_minute = row.kind == "chat" and asked.status != "completed"
    found = shares.preview(asked.encounter_id, role_of(asked.encounter_id), Money(row.price_minor, asked.currency)) if per_minute else _shares(asked, ())
    return [{"label": words(WHO[share.to]), "amount": i18n.money(share.amount)} for share in sorted(found, key=lambda s: s.to != shares.PRACTITIONER)]


@blueprint.post("/questions/<encounter_id>/take")
@needs("advice.consider", "encounter_id")
def take(encounter_id: str) -> ResponseReturnValue:
    """Accept it; exactly one practitioner ever does."""
    with acting():
        role_id = role_of(encounter_id)
        no = answering.take(encounter_id, role_id) if role_id else NOT_YOURS
    if no:
        flash(words(no.message), "attention")
        return redirect(url_for("advice.pool"), 303)
    return back("question", encounter_id)


@blueprint.post("/questions/<encounter_id>/give-back")
@needs("advice.answer", "encounter_id")
def give_back(encounter_id: str) -> ResponseReturnValue:
    """Let another practitioner answer."""
    with acting():
        no = answering.give_back(encounter_id, role_of(encounter_id))
    return refused(no, "question", encounter_id) if no else redirect(url_for("advice.pool"), 303)


@blueprint.post("/questions/<encounter_id>/draft")
@needs("advice.answer", "encounter_id")
def keep_draft(encounter_id: str) -> ResponseReturnValue:
    """Keep what is being written; the page sends it by itself."""
    with acting():
        answering.keep_draft(encounter_id, role_of(encounter_id), request.form.get("answer", ""))
    return "", 204


@blueprint.post("/questions/<encounter_id>/answer")
@needs("advice.work")
def answer(encounter_id: str) -> ResponseReturnValue:
    """Send the answer. Whoever may not any more keeps the text, and is told why."""
    text, follows = request.form.get("answer", ""), request.form.get("follows") == "1"
    with looking():
        role_id = role_of(encounter_id)
        if not role_id or role_id not in answering.tried(encounter_id):
            return not_found()
    try:
        with acting():
            no = answering.send(encounter_id, role_id, text, follows=follows)
    except ContractError as error:
        no = Refused("text", error.message)
    if no:
        flash(words(no.message), "attention")
        return redirect(url_for("advice.pool"), 303) if no.rule != "text" else back("question", encounter_id, "answer")
    flash(words(say("Sent. The patient is told by mail that something waits.")), "done")
    return back("question", encounter_id)


@blueprint.post("/questions/<encounter_id>/correct")
@needs("advice.answer", "encounter_id")
def correct(encounter_id: str) -> ResponseReturnValue:
    """Correct one's own letter; the former version stays readable."""
    try:
        with acting():
            no = answering.correct(encounter_id, role_of(encounter_id), request.form.get("letter", ""), request.form.get("text", ""))
    except ContractError as error:
        no = Refused("text", error.message)
    return refused(no, "question", encounter_id) if no else back("question", encounter_id)


@blueprint.post("/questions/<encounter_id>/agree")
@needs("advice.answer", "encounter_id")
def question_agree(encounter_id: str) -> ResponseReturnValue:
    """Take further messages of this patient, or no more."""
    with acting():
        answering.agree_to_follow_up(encounter_id, PRACTITIONER, wanted=request.form.get("wanted") == "1")
    return back("question", encounter_id)


@blueprint.post("/questions/<encounter_id>/follow-up")
@needs("advice.answer", "encounter_id")
def question_follow_up(encounter_id: str) -> ResponseReturnValue:
    """Write a further message to the patient."""
    try:
        with acting():
            no = answering.follow_up(encounter_id, PRACTITIONER, role_of(encounter_id), request.form.get("message", ""))
    except ContractError as error:
        no = Refused("text", error.message)
    return refused(no, "question", encounter_id) if no else back("question", encounter_id)
