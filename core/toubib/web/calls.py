"""The call as every page shows it, the patient's and the practitioner's: pictures, bar, place, and the chat beside them.

A page takes `call_of`, imports `call_frame` and `chat_panel` from `toubib/room/parts.html`, and loads `call.pane.module`
in its `scripts` block. The media backend draws itself by the template that its pane names.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import url_for
from sqlmodel import func, select

from toubib import i18n, runtime
from toubib.audit import trail
from toubib.contracts.media import JoinPurpose, Participant, ParticipantRole
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.room import ChatMessage
from toubib.services import care, countries, directory, people, room_files
from toubib.services import room as service
from toubib.web.request import current_actor
from toubib.web.shell import text, when

LONGEST = 4000
"""Characters of a chat message."""


def call_of(encounter_id: str, who: Participant, *, after: str, here: str) -> dict[str, Any]:
    """All that the call's template needs for one participant, who is present from now on. Inside a writing unit of work.

    Its `pane` is `None` where they talk by telephone: by the visit's way, or because nothing here carries a picture.
    `after` is where the page goes when they leave, `here` the page itself: where a chat message sent without a script
    comes back to. Called again (a reload) it gives a seat in the same call.
    """
    service.arrive(encounter_id, who)
    by_phone = session().get_one(Encounter, encounter_id).modality == "phone"
    pane = None if by_phone else service.pane(encounter_id, who, JoinPurpose.CALL)
    if pane is not None:
        pane = replace(pane, config={"after": after, **pane.config})
    other = other_name(encounter_id, who)
    layout = {
        "title": text("Consultation with %(name)s", name=other),
        "remote_name": other,
        "self_name": text("You"),
        "state": text("Opening the room"),
        "panel_label": text("Beside the call"),
        "buttons": _buttons(),
        "shortcuts": _keys(),
        "place": place_of(encounter_id),
        "leave": {"label": text("Leave the call"), "post": url_for("room.leave", encounter_id=encounter_id), "kind": "danger"},
    }
    return {"layout": layout, "pane": pane, "phone": _phone(encounter_id), "chat": chat_of(encounter_id, who, here=here)}


def other_name(encounter_id: str, who: Participant) -> str:
    """Whom this participant came to talk with."""
    encounter = session().get_one(Encounter, encounter_id)
    if who.role is ParticipantRole.PRACTITIONER:
        return people.traits(encounter.person_id).name if encounter.person_id else ""
    return directory.role(encounter.practitioner_role_id or "").name


def _buttons() -> list[dict[str, Any]]:
    return [
        {"key": "microphone", "label": text("Mute"), "label_on": text("Unmute"), "icon": "mic", "icon_on": "mic-off", "pressed": False},
        {"key": "camera", "label": text("Camera off"), "label_on": text("Camera on"), "icon": "video", "icon_on": "video-off", "pressed": False},
        {"key": "chat", "label": text("Write"), "icon": "message-square"},
        {"key": "move", "label": text("Move my picture"), "icon": "picture-in-picture-2"},
        {"key": "leave", "label": text("Leave"), "icon": "phone-off", "kind": "danger"},
    ]


def _keys() -> list[dict[str, str]]:
    return [
        {"key": "M", "label": text("microphone on or off")},
        {"key": "C", "label": text("camera on or off")},
        {"key": "P", "label": text("move my picture")},
        {"key": "S", "label": text("say the state of the call")},
        {"key": "?", "label": text("show these keys")},
    ]


def place_of(encounter_id: str) -> dict[str, str] | None:
    """Where the patient said they are, with the emergency number of that place; `None` before the admission."""
    line = care.admission_line(encounter_id)
    if line is None:
        return None
    numbers = countries.emergency_numbers(line.country or countries.only())
    return {"text": line.place, "number": numbers[0].number if numbers else "", "callback": line.phone}


def _phone(encounter_id: str) -> str:
    encounter = session().get_one(Encounter, encounter_id)
    return directory.role(encounter.practitioner_role_id or "").phone


def chat_of(encounter_id: str, who: Participant, *, here: str, error: str = "", typed: str = "") -> dict[str, Any]:
    """The chat as one participant sees it; the reading is audited."""
    encounter = session().get_one(Encounter, encounter_id)
    trail.read("chat", [encounter_id], organisation_id=encounter.organisation_id, person_id=encounter.person_id or "")
    lines, files = service.chat(encounter_id, who), room_files.sent(encounter_id)
    zone = directory.role(encounter.practitioner_role_id or "").zone
    other = other_name(encounter_id, who)
    shown = [(s.at, {"mine": s.mine, "who": _author(s, who, other), "text": s.text, "when": _clock(s.at, zone)}) for s in lines]
    shown += [(f.at, _file(f, who, other) | {"when": _clock(f.at, zone)}) for f in files]
    return {
        "lines": [line for _at, line in sorted(shown, key=lambda pair: pair[0])],
        "url": url_for("room.chat", encounter_id=encounter_id, seen=len(shown)),
        "file_post": url_for("room_files.send", encounter_id=encounter_id),
        "post": url_for("room.say_it", encounter_id=encounter_id),
        "fields": {"next": here},
        "longest": LONGEST,
        "other": other,
        "error": error,
        "typed": typed,
    }


def _file(sent: room_files.SentFile, who: Participant, other: str) -> dict[str, Any]:
    """A file as a line; where its reader may not open it yet, the way is by signing in."""
    mine = sent.by_practitioner is (who.role is ParticipantRole.PRACTITIONER)
    href = url_for("documents.open", document_id=sent.document_id)
    if not runtime.current().policy.allows(current_actor(), "document.read", sent.document_id):
        href = url_for("account.sign_in", next=href)
    return {"mine": mine, "who": text("You") if mine else other, "text": sent.filename, "href": href}


def _clock(at: datetime, zone: str) -> dict[str, str]:
    return {"iso": when(at)["iso"], "text": i18n.clock_time(at, zone)}


def _author(said: service.Said, who: Participant, other: str) -> str:
    if said.mine:
        return text("You")
    if ParticipantRole(said.author_role) is ParticipantRole.GUEST:
        return text("Somebody with the patient")
    if ParticipantRole(said.author_role) is who.role:
        return who.display_name
    return other


def said_so_far(encounter_id: str) -> int:
    """How many chat messages and files there are; reads none of them."""
    said = session().exec(select(func.count()).select_from(ChatMessage).where(ChatMessage.encounter_id == encounter_id)).one()
    return said + len(room_files.sent(encounter_id))
