"""Giving a file to the other side of the room. It becomes a document of the visit, opened like every other one."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.services import documents, room
from toubib.services import room_files as service
from toubib.web import acting, current_actor, looking, needs, render, text
from toubib.web.calls import chat_of
from toubib.web.entry import safe_path
from toubib.web.shell import problem

room_files = Blueprint("room_files", __name__)


@room_files.post("/visits/<encounter_id>/room/files")
@needs("encounter.join", about="encounter_id")
def send(encounter_id: str) -> ResponseReturnValue:
    """Keep the file beside the messages; one that is no PDF or picture is refused with the reason."""
    here, given = safe_path(request.form.get("next", "")), request.files.get("file")
    with looking():
        talking = session().get_one(Encounter, encounter_id).status == "in-progress"
    if not talking:
        return _too_late(encounter_id)
    content = given.read() if given else b""
    error = "" if service.media_type(content) else text("Only PDF files and pictures (JPEG, PNG) can be sent. Nothing was stored.")
    blob = "" if error else documents.write_blob(content)
    with acting():
        who = room.participant(encounter_id, current_actor())
        if blob and given:
            service.keep(encounter_id, who, blob, content, given.filename or "")
        if not error and "HX-Request" not in request.headers:
            return redirect(f"{here}#chat")
        written = chat_of(encounter_id, who, here=here) | {"file_error": error}
    return render("toubib/room/chat.html", 422 if error and "HX-Request" not in request.headers else 200, chat=written, back=here)


def _too_late(encounter_id: str) -> ResponseReturnValue:
    back = {"label": text("Back to the visit"), "href": url_for("room.enter", encounter_id=encounter_id)}
    return problem(409, text("Files can be sent during the consultation only"), text("Your file was not stored."), actions=[back])
