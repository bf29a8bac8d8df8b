"""Units of work around the rooms, and the facts that the core learns from them."""

from toubib.contracts.identity import SYSTEM
from toubib.contracts.media import ParticipantRole
from toubib.db import database
from toubib.services import room
from toubib_video_webrtc import rooms
from toubib_video_webrtc.messages import Quality
from toubib_video_webrtc.room import Denied, Joined, Room


class StoredDoors:
    """The rooms of the database."""

    def enter(self, token: str, page: str, connection: str) -> Joined | Denied:
        """Spend the token and take the seat."""
        with database().unit_of_work(SYSTEM):
            return rooms.enter(token, page, connection)

    def look(self, session_id: str) -> Room:
        """The room as it is now."""
        with database().reading(SYSTEM):
            return rooms.look(session_id)

    def may_stay(self, session_id: str, credential: str) -> bool:
        """Whether the right that a socket rests on still stands."""
        with database().reading(SYSTEM):
            return rooms.may_stay(session_id, credential)

    def drop(self, session_id: str, connection: str) -> bool:
        """The socket is gone; whether it still spoke for its member."""
        with database().unit_of_work(SYSTEM):
            return rooms.drop(session_id, connection)

    def leave(self, session_id: str, connection: str, member_id: str) -> bool:
        """The member hung up; whether it was the socket that spoke for them."""
        with database().unit_of_work(SYSTEM):
            left = rooms.leave(session_id, connection, member_id)
            if left:
                room.segment_ended(session_id, "somebody hung up")
                room.leave(rooms.encounter_of(session_id), member_id)
            return left

    def moved(self, session_id: str, state: str) -> None:
        """The link's state as a browser sees it: the core counts the time during which both see each other."""
        with database().unit_of_work(SYSTEM):
            if state == "connected":
                room.segment_started(session_id, "video")
            elif state == "failed":
                room.segment_ended(session_id, "media failed")

    def measured(self, session_id: str, role: str, quality: Quality) -> None:
        """A page's last figures, kept for the operator when its socket ends."""
        with database().unit_of_work(SYSTEM):
            room.quality(session_id, ParticipantRole(role), quality.connect_ms, quality.loss_permille, quality.restarts)
