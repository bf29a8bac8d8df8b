"""`python served_app.py PORT FOLDER [SETTINGS]`: the plugin in a started installation, on the development server, with one visit.

The call is the core's own page; `/room/patient` and `/room/practitioner` open it for two fixed people without login or admission.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import select

from toubib import web_app
from toubib.contracts.identity import ANONYMOUS, Actor, ActorKind, Role
from toubib.contracts.media import Participant, ParticipantRole
from toubib.db import database, session
from toubib.db.states import move
from toubib.db.tables.access import JoinLink
from toubib.db.tables.journey import Encounter
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.services import journey, room
from toubib.testing.booked import booked
from toubib.testing.installations import Starter
from toubib.testing.practices import practice
from toubib.web import public, render
from toubib.web.calls import call_of


@dataclass(frozen=True, slots=True)
class Visit:
    """The one visit of the tests, and who may come to it."""

    encounter_id: str
    actors: Mapping[str, Actor]

    def participant(self, role: str) -> Participant:
        """Who somebody is in the room; a guest has a name of their own."""
        if role == "guest":
            return Participant("guest-1", ParticipantRole.GUEST, "Paul Martin")
        return room.participant(self.encounter_id, self.actors[role])


def visit() -> Visit:
    """The visit, made at the first start and found again after a restart."""
    with database().unit_of_work():
        encounter = session().exec(select(Encounter)).first() or _new_visit()
        role = str(encounter.practitioner_role_id)
        link = session().exec(select(JoinLink.id).where(JoinLink.encounter_id == encounter.id)).one()
    practitioner = Actor(ActorKind.USER, "a1", "x1", (Role("practitioner", encounter.organisation_id, role),), strong=True)
    return Visit(encounter.id, {"patient": Actor(ActorKind.GUEST, link, encounter.person_id, encounter_id=encounter.id), "practitioner": practitioner})


def _new_visit() -> Encounter:
    """A booked visit whose patient was let in."""
    made = booked(practice("lemaire"), clock.now(), names="Anne Martin")
    encounter = session().get_one(Encounter, made.encounter_id)
    for state in ("arrived", "in-progress"):
        move("encounter", encounter, state)
        session().flush()
    return encounter


def build(toubib: Toubib) -> Flask:
    """The application, with doors of the tests into the room."""
    app, now = web_app.build(toubib), visit()

    @app.get("/room/<role>")
    @public("a page of the tests")
    def enter(role: str) -> ResponseReturnValue:
        return _room(now, role)

    @app.get("/close")
    @public("a page of the tests")
    def close() -> ResponseReturnValue:
        with database().unit_of_work():
            room.close(now.encounter_id)
        return "closed"

    @app.get("/test/<role>")
    @public("a page of the tests")
    def test(role: str) -> ResponseReturnValue:
        response = redirect(url_for("video_webrtc.test", encounter_id=now.encounter_id))
        response.set_cookie("test_role", role)
        return response

    @app.get("/left")
    @public("a page of the tests")
    def left() -> ResponseReturnValue:
        return "left"

    @app.get("/marks")
    @public("a page of the tests")
    def marks() -> ResponseReturnValue:
        with database().reading():
            return dict(journey.marks([now.encounter_id], "video_webrtc.test")[now.encounter_id])

    def who() -> None:
        g.toubib_actor = now.actors.get(request.cookies.get("test_role", ""), ANONYMOUS)

    app.before_request_funcs.setdefault(None, []).insert(0, who)
    return app


def _room(now: Visit, role: str) -> Response:
    # a guest comes by the link that the patient passed on
    with database().unit_of_work(now.actors.get(role, now.actors["patient"])):
        call = call_of(now.encounter_id, now.participant(role), after="/left", here=f"/room/{role}")
    response = render("toubib/room/call.html", call=call)
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
