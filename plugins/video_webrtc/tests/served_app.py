"""`python served_app.py PORT FOLDER [SETTINGS]`: the plugin in a started installation, with a bare room page, on the development server.

The room page stands in for the core's (which the whole journey's test opens): same components, same pane, two fixed people.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, current_app, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import select

from toubib import web_app
from toubib.contracts.identity import ANONYMOUS, Actor, ActorKind, Role
from toubib.contracts.media import JoinPurpose, Participant, ParticipantRole
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.people import Person
from toubib.runtime import Toubib
from toubib.services import journey, people, room
from toubib.testing.installations import Starter
from toubib.testing.practices import practice
from toubib.web import guard

PAGE = """
{% from "toubib/components/call.html" import call_layout %}
<!doctype html>
<html lang="en"><head><title>Room</title><link rel="stylesheet" href="/static/css/components.css"></head>
<body class="tb-call"><main>
{% call call_layout(room) %}<h2>Notes</h2><label>Note <input id="note"></label>{% endcall %}
{% include pane.template %}
</main><script type="module" src="{{ pane.module }}"></script></body></html>
"""
BUTTONS = [
    {"key": "microphone", "label": "Mute", "label_on": "Unmute", "icon": "mic", "icon_on": "mic-off", "pressed": False},
    {"key": "camera", "label": "Camera off", "label_on": "Camera on", "icon": "video", "icon_on": "video-off", "pressed": False},
    {"key": "move", "label": "Move my picture", "icon": "move"},
    {"key": "leave", "label": "Leave", "icon": "phone-off", "kind": "danger"},
]
KEYS = [{"key": "m", "label": "Microphone"}, {"key": "c", "label": "Camera"}, {"key": "s", "label": "Say the state"}]


@dataclass(frozen=True, slots=True)
class Visit:
    """The one visit of the tests, and who may come to it."""

    encounter_id: str
    actors: Mapping[str, Actor]

    def participant(self, role: str) -> Participant:
        """Who somebody is in the room; a guest is nobody whom the core knows."""
        if role == "guest":
            return Participant("guest-1", ParticipantRole.GUEST, "Paul Martin")
        return room.participant(self.encounter_id, self.actors[role])


def visit() -> Visit:
    """The visit, made at the first start and found again after a restart."""
    with database().unit_of_work():
        encounter = session().exec(select(Encounter)).first() or _new_visit()
        role = str(encounter.practitioner_role_id)
    practitioner = Actor(ActorKind.USER, "a1", "x1", (Role("practitioner", encounter.organisation_id, role),), strong=True)
    return Visit(encounter.id, {"patient": Actor(ActorKind.GUEST, "link", encounter.person_id, encounter_id=encounter.id), "practitioner": practitioner})


def _new_visit() -> Encounter:
    made, patient = practice("lemaire"), Person()
    session().add(patient)
    session().flush()
    people.set_traits(patient.id, people.Traits("Martin", "Anne"))
    encounter = Encounter(organisation_id=made.organisation_id, journey="test", person_id=patient.id, practitioner_role_id=made.role_id)
    session().add(encounter)
    session().flush()
    return encounter


def build(toubib: Toubib) -> Flask:
    """The application with the bare room page."""
    app, now = web_app.build(toubib), visit()

    @app.get("/room/<role>")
    @guard.public("a page of the tests")
    def enter(role: str) -> ResponseReturnValue:
        return _room(now, role)

    @app.get("/close")
    @guard.public("a page of the tests")
    def close() -> ResponseReturnValue:
        with database().unit_of_work():
            room.close(now.encounter_id)
        return "closed"

    @app.get("/test/<role>")
    @guard.public("a page of the tests")
    def test(role: str) -> ResponseReturnValue:
        response = redirect(url_for("video_webrtc.test", encounter_id=now.encounter_id))
        response.set_cookie("test_role", role)
        return response

    @app.get("/marks")
    @guard.public("a page of the tests")
    def marks() -> ResponseReturnValue:
        with database().reading():
            return dict(journey.marks([now.encounter_id], "video_webrtc.test")[now.encounter_id])

    def who() -> None:
        g.toubib_actor = now.actors.get(request.cookies.get("test_role", ""), ANONYMOUS)

    if "room.enter" not in app.view_functions:
        app.add_url_rule("/visits/<encounter_id>/room", "room.enter", guard.public("a page of the tests")(lambda encounter_id: encounter_id))
    app.before_request_funcs.setdefault(None, []).insert(0, who)
    return app


def _room(now: Visit, role: str) -> Response:
    with database().unit_of_work(now.actors.get(role, ANONYMOUS)):
        me, other = now.participant(role), now.participant("practitioner" if role == "patient" else "patient")
        pane = room.pane(now.encounter_id, me, JoinPurpose.CALL)
    layout = {"title": "Consultation", "remote_name": other.display_name, "self_name": "You", "state": "", "buttons": BUTTONS, "keys": KEYS}
    response = make_response(current_app.jinja_env.from_string(PAGE).render(room=layout, pane=pane))
    response.set_cookie("test_role", role)
    return response


def main() -> None:
    """Start and serve until killed."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    own = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    starter = Starter(f"sqlite:///{folder / 'toubib.db'}", folder)
    toubib = starter.start("video_webrtc", use={"media": ["video_webrtc"]}, settings={"video_webrtc": {"picture_height": 240, **own}})
    build(toubib).run("127.0.0.1", port, threaded=True, use_reloader=False)


if __name__ == "__main__":
    main()
