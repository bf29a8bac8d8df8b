"""The plugin's addresses: the signalling socket, fresh tokens, the test page and its echo."""

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_sock import Sock

from toubib.services import journey, room
from toubib.web import acting, current_actor, needs, public, render, same_origin
from toubib_video_webrtc import rooms, texts, verdicts
from toubib_video_webrtc.backend import NAME, test_pane
from toubib_video_webrtc.conversation import Conversation
from toubib_video_webrtc.doors import StoredDoors
from toubib_video_webrtc.echo_door import EchoDoor
from toubib_video_webrtc.live import hub
from toubib_video_webrtc.messages import MAX_BYTES
from toubib_video_webrtc.own_echo import EchoUnavailable
from toubib_video_webrtc.room import Member
from toubib_video_webrtc.rooms import JOIN
from toubib_video_webrtc.sdp import check_description
from toubib_video_webrtc.settings import Settings
from toubib_video_webrtc.sockets import SocketLine
from toubib_video_webrtc.turn import ice_servers

SOCKET_REASON = "its first message is a single-use token that the room's page was given after a permission check"

SOCKET_LIMITS = {"max_message_size": MAX_BYTES, "ping_interval": 25}
"""For the server's sockets: the longest message (1009 beyond), and seconds between questions whether the other side lives."""


def blueprint(settings: Settings, echo: EchoDoor) -> Blueprint:
    """All addresses under `/video_webrtc/`."""
    made = Blueprint(NAME, __name__, static_folder="static")
    made.record_once(lambda state: state.app.config.setdefault("SOCK_SERVER_OPTIONS", SOCKET_LIMITS))
    _signalling(made)
    _renewing(made, settings)
    _testing(made, settings, echo)
    return made


def _signalling(made: Blueprint) -> None:
    @made.before_request
    def only_from_our_pages() -> ResponseReturnValue | None:
        if request.endpoint == f"{NAME}.socket" and not ("Origin" in request.headers and same_origin()):
            return {"error": "origin"}, 403
        return None

    Sock().route("/socket", bp=made, endpoint="socket")(public(SOCKET_REASON)(_talk))


def _renewing(made: Blueprint, settings: Settings) -> None:
    @made.post("/<encounter_id>/renew")
    @needs(JOIN, "encounter_id")
    def renew(encounter_id: str) -> ResponseReturnValue:
        with acting():
            session_id = rooms.open_session(encounter_id)
            if session_id is None:
                return {"error": "closed"}, 410
            who = room.participant(encounter_id, current_actor())
            token = rooms.issue_token(session_id, Member(who.id, who.role.value), settings.token_lifetime)
        return {"token": token, "ice": ice_servers(settings, who.id)}


def _talk(ws: Any) -> Any:
    """One socket's life; the thread is the server's own for this socket."""
    Conversation(SocketLine(ws), StoredDoors(), hub()).run()


def _testing(made: Blueprint, settings: Settings, echo: EchoDoor) -> None:
    @made.get("/<encounter_id>/test")
    @needs(JOIN, "encounter_id")
    def test(encounter_id: str) -> ResponseReturnValue:
        echo.warm()
        onward = url_for("room.enter", encounter_id=encounter_id)
        return render(f"{NAME}/test.html", pane=test_pane(settings, encounter_id), tests=_lines(), onward=onward)

    @made.post("/<encounter_id>/echo", endpoint="echo")
    @needs(JOIN, "encounter_id")
    def ask_echo(encounter_id: str) -> ResponseReturnValue:  # noqa: ARG001  the guard reads it
        offer = check_description(request.get_json(silent=True))
        if offer is None or offer["type"] != "offer":
            return {"error": "offer"}, 400
        try:
            return dict(echo.answer(offer))
        except EchoUnavailable:
            return {"error": "unavailable"}, 503

    @made.post("/<encounter_id>/test")
    @needs(JOIN, "encounter_id")
    def keep_verdict(encounter_id: str) -> ResponseReturnValue:
        found = verdicts.sound(request.get_json(silent=True))
        if found is None:
            return {"error": "verdict"}, 400
        with acting():
            treats = journey.view(encounter_id).practitioner_role_id in current_actor().practitioner_roles
            verdicts.keep(encounter_id, found, "practitioner" if treats else "patient")
        return {}


def _lines() -> list[dict[str, str]]:
    labels = {"camera": texts.say("Camera"), "microphone": texts.say("Microphone"), "network": texts.say("Network")}
    return [{"key": key, "label": label, "state": "todo", "verdict": "", "cure": ""} for key, label in texts.rendered(labels).items()]
