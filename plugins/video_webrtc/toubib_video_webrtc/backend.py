"""The media backend: opens rooms, hands out panes with single-use tokens, closes rooms."""

from typing import Any
from urllib.parse import urlsplit

from flask import url_for

from toubib.contracts.common import Message
from toubib.contracts.media import Health, JoinPane, JoinPurpose, MediaCapabilities, Participant, SessionSpec
from toubib_video_webrtc import rooms, texts
from toubib_video_webrtc.conversation import CLOSED
from toubib_video_webrtc.echo_door import EchoDoor
from toubib_video_webrtc.live import hub
from toubib_video_webrtc.room import Member
from toubib_video_webrtc.settings import Settings
from toubib_video_webrtc.turn import ice_servers

NAME = "video_webrtc"


class VideoWebrtc:
    """Peer to peer: the media never pass through the application, so a call outlives its restarts."""

    name = NAME
    title: Message = texts.say("Video, from browser to browser")
    capabilities = MediaCapabilities(modalities=frozenset({"video", "audio"}), max_participants=2, end_to_end=True)

    def __init__(self, settings: Settings, echo: EchoDoor) -> None:
        self._settings, self._echo = settings, echo

    def open(self, spec: SessionSpec) -> None:
        """Create the room; an existing one stays as it is."""
        capacity = min(spec.max_participants, self.capabilities.max_participants)
        rooms.open_room(spec.session_id, spec.encounter_id, capacity)

    def join(self, session_id: str, participant: Participant, purpose: JoinPurpose) -> JoinPane:
        """A pane for the call, with a token of its own; or one for the test, which needs no seat."""
        encounter_id = rooms.encounter_of(session_id)
        if purpose is JoinPurpose.TEST:
            return test_pane(self._settings, encounter_id)
        member = Member(participant.id, participant.role.value)
        config = common_config(self._settings, member.id) | {
            "token": rooms.issue_token(session_id, member, self._settings.token_lifetime),
            "renew": url_for(f"{NAME}.renew", encounter_id=encounter_id),
            "height": self._settings.picture_height,
            "texts": texts.rendered(texts.CALL),
        }
        return JoinPane(f"{NAME}/pane.html", _module("pane.js"), config, config["socket"])

    def close(self, session_id: str) -> None:
        """End the room for everybody; closing a closed one is no error."""
        if rooms.close_room(session_id):
            hub().end(session_id, CLOSED, message={"type": "closed"})

    def health(self) -> Health:
        """Calls need no server of their own; what can be missing is the echo peer and a TURN server."""
        if self._settings.echo and not self._echo.healthy():
            return Health(ok=False, message=texts.say("The echo peer does not answer: patients cannot test their network. Calls work."))
        if not self._settings.turn_urls:
            return Health(ok=True, message=texts.say("No TURN server is set: calls fail across strict firewalls."))
        return Health(ok=True)


def test_pane(settings: Settings, encounter_id: str) -> JoinPane:
    """The pane of the test before a call."""
    config = common_config(settings, "test") | {
        "echo": url_for(f"{NAME}.echo", encounter_id=encounter_id) if settings.echo else "",
        "report": url_for(f"{NAME}.keep_verdict", encounter_id=encounter_id),
        "texts": texts.rendered(texts.TEST),
    }
    return JoinPane(f"{NAME}/test.html", _module("devices.js"), config, config["socket"])


def common_config(settings: Settings, member_id: str) -> dict[str, Any]:
    """What every pane needs: where the socket is, and the ways through the network."""
    path = urlsplit(url_for(f"{NAME}.socket")).path  # of a socket Flask gives the whole address; the page knows its own host
    return {"socket": path, "ice": ice_servers(settings, member_id), "relay": settings.relay_only}


def _module(filename: str) -> str:
    return url_for(f"{NAME}.static", filename=filename)
