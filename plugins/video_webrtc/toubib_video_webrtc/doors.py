"""Units of work around the rooms, and the facts that the core learns from them."""

from toubib.contracts.identity import SYSTEM
from toubib.db import database
from toubib_video_webrtc import rooms
from toubib_video_webrtc.messages import Quality
from toubib_video_webrtc.room import Denied, Joined, Room, Seat


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

    def drop(self, session_id: str, connection: str) -> bool:
        """The socket is gone; whether it still spoke for its member."""
        with database().unit_of_work(SYSTEM):
            return rooms.drop(session_id, connection)

    def leave(self, session_id: str, connection: str, member_id: str) -> bool:
        """The member hung up; whether it was the socket that spoke for them."""
        with database().unit_of_work(SYSTEM):
            return rooms.leave(session_id, connection, member_id)

    def measured(self, session_id: str, seat: Seat, quality: Quality) -> None:
        """The member's browser measured the link."""
