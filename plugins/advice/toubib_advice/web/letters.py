"""The thread of letters as the patient reads it: where it stands, the answer, what can follow."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import col, select

from toubib import i18n
from toubib.contracts.common import ContractError, Refused
from toubib.contracts.media import ParticipantRole
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import Assignment, ServiceRequest
from toubib.services import directory, documents, dues, letters, requests, search, visits
from toubib.services.directory import RoleCard
from toubib.services.search import Found, SearchQuery
from toubib.web import acting, current_actor, looking, needs, render
from toubib.web.entry import visitor
from toubib_advice import answering, chatting, forwarding, questions
from toubib_advice.models import Question
from toubib_advice.settings import current
from toubib_advice.texts import DOMAIN, say, words
from toubib_advice.web.shared import back, blueprint, chat_of, files_of, letters_of, refused, seat, when

PATIENT = ParticipantRole.PATIENT
BOOKED = "booked"
OVER = {
    "deadline": say("The promised time passed without an answer. You pay nothing: what was held on your card is given back."),
    "patient": say("You took it back. You pay nothing: what was held on your card is given back."),
    "nothing": say("The chat never began. You pay nothing: what was held on your card is given back."),
}
GONE = say("Nothing came of it. You pay nothing: what was held on your card is given back.")


@blueprint.get("/mine")
@needs("advice.enter")
def mine() -> ResponseReturnValue:
    """The patient's own questions, newest first."""
    with looking():
        query = select(ServiceRequest).join(Encounter, col(Encounter.id) == ServiceRequest.encounter_id)
        query = query.where(ServiceRequest.plugin == DOMAIN, Encounter.person_id == current_actor().person_id, ServiceRequest.status != "draft")
        rows = session().exec(query.order_by(col(ServiceRequest.created_at).desc())).all()
        return render("advice/mine.html", rows=[_row(row) for row in rows])


def _row(row: ServiceRequest) -> dict[str, str]:
    href = url_for("advice.letters_page", encounter_id=row.encounter_id)
    return {"asked": when(row.created_at, row.zone)["text"], "name": row.service_name, "state": _state(row), "href": href}


def _state(row: ServiceRequest) -> str:
    if row.status in ("completed", "revoked"):
        return words(say("Answered") if row.status == "completed" else say("Given back"))
    return words(say("Answer before %(hour)s", hour=when(row.due_at or row.created_at, row.zone)["text"]))


@blueprint.get("/<encounter_id>")
@needs("advice.read", "encounter_id")
def letters_page(encounter_id: str) -> ResponseReturnValue:
    """Where it stands, then every letter, then what can follow. Opening it marks the practitioner's letters as read."""
    with acting():
        questions.deliver(encounter_id)
        row, asked = questions.of(encounter_id), requests.locked(encounter_id)
        if asked.status == "draft":
            return redirect(url_for("booking_flow.details", encounter_id=encounter_id))
        if row.kind == "chat" and asked.status == "accepted":
            seen = chatting.here(encounter_id, seat(encounter_id))
            asked = requests.locked(encounter_id)
        else:
            seen = None
        page = _page(encounter_id, row, asked)
        page["chat"] = chat_of(encounter_id, row, seat(encounter_id), seen, asked.zone) if row.kind == "chat" and asked.status != "active" else None
        page["chatting"] = page["chat"] is not None and asked.status == "accepted"
    return render("advice/letters.html", **page)


def _page(encounter_id: str, row: Question, asked: ServiceRequest) -> dict[str, Any]:
    encounter = session().get_one(Encounter, encounter_id, populate_existing=True)
    card = directory.role(encounter.practitioner_role_id) if encounter.practitioner_role_id else None
    found = letters.of_encounter(encounter_id, reader=PATIENT)
    name = card.name if card else words(say("The practitioner"))
    papers = [card for card in documents.of_encounter(encounter_id) if card.kind in ("receipt", "invoice")]
    over = encounter.status in ("finished", "settled")
    return {
        "encounter_id": encounter_id,
        "row": row,
        "asked": asked,
        "name": name,
        "state": _sentence(asked, row, name),
        "due": when(asked.due_at, asked.zone) if asked.due_at and asked.status in ("active", "accepted") and encounter.status == "planned" else None,
        "letters": letters_of(found, PATIENT, {ParticipantRole.PRACTITIONER: name}, asked.zone),
        "files": files_of(encounter_id),
        "paper": url_for("documents.open", document_id=papers[0].id) if papers else "",
        "paid": _paid(encounter_id),
        "over": over,
        "follow": _follow(encounter_id, row) if over else None,
        "sent": [{"doctor": doctor, "opened": when(f.opened_at, asked.zone)["text"] if f.opened_at else ""} for doctor, f in forwarding.sent(encounter_id)],
        "forward": over and row.kind == "written",
        "book": bool(over and card and _offer(card)),
        "cancel": asked.status == "active" or (asked.status == "accepted" and row.kind == "chat" and encounter.status == "planned"),
        "again": url_for("advice.ask"),
        "again_after": words(say("Ask again")),
        "reassigned": _reassigned(encounter_id) if not over else False,
        "follow_days": current().follow_up_days,
    }


def _sentence(asked: ServiceRequest, row: Question, name: str) -> str:
    if asked.status == "revoked":
        return words(OVER.get(asked.close_reason, GONE))
    if asked.status == "completed":
        return words(say("The chat is over.") if row.kind == "chat" else say("%(name)s has answered.", name=name))
    if asked.status == "accepted":
        chat = say("%(name)s is here. Stay on this page: the meter runs while both of you are here.", name=name)
        return words(chat if row.kind == "chat" else say("%(name)s is writing the answer.", name=name))
    if row.kind == "chat":
        return words(say("A practitioner comes before the hour below. You can close this page: a mail tells you when somebody is here."))
    return words(say("Your question is with the practitioners. You can close this page: a mail tells you when the answer is there."))


def _paid(encounter_id: str) -> str:
    found = [due for due in dues.of_encounter(encounter_id) if due.amount is not None]
    return i18n.money(found[-1].amount) if found and found[-1].amount is not None else ""


def _reassigned(encounter_id: str) -> bool:
    query = select(Assignment.id).where(Assignment.encounter_id == encounter_id, col(Assignment.state).in_(("expired", "returned", "declined")))
    return session().exec(query).first() is not None


def _follow(encounter_id: str, row: Question) -> dict[str, Any]:
    why = answering.may_follow_up(encounter_id)
    return {"open": why is None, "offered": row.practitioner_follows, "agreed": row.patient_follows, "why": words(why) if why else ""}


def _offer(card: RoleCard) -> Found | None:
    """The soonest bookable time with the practitioner who answered; `None` where no agenda offers one."""
    found = [f for f in search.search(SearchQuery()).found if f.card.practitioner_id == card.practitioner_id and f.earliest]
    return found[0] if found else None


@blueprint.post("/<encounter_id>/cancel")
@needs("advice.read", "encounter_id")
def cancel(encounter_id: str) -> ResponseReturnValue:
    """The patient takes the question back before anybody answers it."""
    with acting():
        asked = requests.locked(encounter_id)
        planned = session().get_one(Encounter, encounter_id, populate_existing=True).status == "planned"
        free = asked.status == "active" or (asked.status == "accepted" and questions.of(encounter_id).kind == "chat" and planned)
        no = requests.revoke(encounter_id, "patient") if free else TAKEN
    return refused(no, "letters_page", encounter_id) if no else back("letters_page", encounter_id)


TAKEN = Refused("taken", say("A practitioner is answering it already, so it cannot be taken back."))


@blueprint.post("/<encounter_id>/agree")
@needs("advice.read", "encounter_id")
def agree(encounter_id: str) -> ResponseReturnValue:
    """Opt in to further messages with one's own practitioner, or out again."""
    with acting():
        answering.agree_to_follow_up(encounter_id, PATIENT, wanted=request.form.get("wanted") == "1")
    return back("letters_page", encounter_id, "follow")


@blueprint.post("/<encounter_id>/follow-up")
@needs("advice.read", "encounter_id")
def follow_up(encounter_id: str) -> ResponseReturnValue:
    """Write a further message."""
    with acting():
        no = answering.follow_up(encounter_id, PATIENT, current_actor().person_id or "", request.form.get("message", ""))
    return refused(no, "letters_page", encounter_id) if no else back("letters_page", encounter_id, "follow")


@blueprint.post("/<encounter_id>/forward")
@needs("advice.read", "encounter_id")
def forward(encounter_id: str) -> ResponseReturnValue:
    """Send the answer to the treating doctor, as a link."""
    try:
        with acting():
            forwarding.send(encounter_id, request.form.get("doctor", ""), request.form.get("address", ""))
    except ContractError as error:
        return refused(Refused("forward", error.message), "letters_page", encounter_id)
    flash(words(say("Sent. The doctor reads it with your date of birth.")), "done")
    return back("letters_page", encounter_id, "forward")


@blueprint.post("/<encounter_id>/book")
@needs("advice.read", "encounter_id")
def book(encounter_id: str) -> ResponseReturnValue:
    """Turn the advice into a booking: the soonest time with the same practitioner is held for the patient at once."""
    actor = current_actor()
    with acting():
        role_id = session().get_one(Encounter, encounter_id).practitioner_role_id
        offer = _offer(directory.role(role_id)) if role_id else None
        if offer is None or offer.earliest is None or offer.earliest_service is None:
            return refused(NOBODY, "letters_page", encounter_id)
        held = visits.hold(offer.earliest_service.id, offer.earliest, visitor(), BOOKED)
        if isinstance(held, Refused):
            return refused(held, "letters_page", encounter_id)
        visits.adopt(held, actor.person_id or "")
    return redirect(url_for("booking_flow.details", encounter_id=held), 303)


NOBODY = Refused("none", say("No time is free at the moment."))
