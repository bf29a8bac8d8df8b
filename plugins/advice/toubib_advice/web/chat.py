"""The chat's own addresses, the same for both sides: its live part, a line, the stop. The live part is also the sign of life."""

from flask import request
from flask.typing import ResponseReturnValue

from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.services import requests
from toubib.web import acting, needs, render
from toubib_advice import chatting, questions
from toubib_advice.web.shared import back, blueprint, chat_of, refused, seat

GONE = ("", 200)


@blueprint.get("/<encounter_id>/live")
@needs("advice.read", "encounter_id")
def live(encounter_id: str) -> ResponseReturnValue:
    """The patient's meter and lines, asked again every few seconds."""
    return _live(encounter_id)


@blueprint.get("/questions/<encounter_id>/live")
@needs("advice.answer", "encounter_id")
def question_live(encounter_id: str) -> ResponseReturnValue:
    """The practitioner's meter and lines."""
    return _live(encounter_id)


def _live(encounter_id: str) -> ResponseReturnValue:
    """Without the live part the page has become another: it is loaded anew."""
    with acting():
        row, who = questions.of(encounter_id), seat(encounter_id)
        seen = chatting.here(encounter_id, who)
        chat = chat_of(encounter_id, row, who, seen, requests.locked(encounter_id).zone) if seen else None
    return render("advice/live.html", chat=chat) if chat else GONE


@blueprint.post("/<encounter_id>/say")
@needs("advice.read", "encounter_id")
def say_it(encounter_id: str) -> ResponseReturnValue:
    """A line of the patient."""
    return _say(encounter_id, "letters_page")


@blueprint.post("/questions/<encounter_id>/say")
@needs("advice.answer", "encounter_id")
def question_say(encounter_id: str) -> ResponseReturnValue:
    """A line of the practitioner."""
    return _say(encounter_id, "question")


def _say(encounter_id: str, page: str) -> ResponseReturnValue:
    with acting():
        no = chatting.say_it(encounter_id, seat(encounter_id), request.form.get("message", ""))
    return refused(no, page, encounter_id) if no else back(page, encounter_id, "chat")


@blueprint.post("/<encounter_id>/stop")
@needs("advice.read", "encounter_id")
def stop(encounter_id: str) -> ResponseReturnValue:
    """The patient ends the chat."""
    return _stop(encounter_id, "letters_page")


@blueprint.post("/questions/<encounter_id>/stop")
@needs("advice.answer", "encounter_id")
def question_stop(encounter_id: str) -> ResponseReturnValue:
    """The practitioner ends the chat."""
    return _stop(encounter_id, "question")


def _stop(encounter_id: str, page: str) -> ResponseReturnValue:
    with acting():
        begun = session().get_one(Encounter, encounter_id).status == "in-progress"
        chatting.stop(encounter_id, seat(encounter_id))
    return back(page, encounter_id, "bill" if begun else "")
