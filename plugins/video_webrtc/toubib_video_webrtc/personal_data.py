"""What the plugin's rows hold on a person: where they sat, by opaque id. Nothing of it must be kept."""

import json
from collections.abc import Iterable

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, select

from toubib.contracts.privacy import ExportedItem
from toubib.db import session
from toubib_video_webrtc.models import SeatRow, TokenRow


class RoomData:
    """Seats and tokens whose member is the person."""

    name = "video_webrtc"
    tables: tuple[str, ...] = (SeatRow.__tablename__, TokenRow.__tablename__)

    def export(self, person_id: str) -> Iterable[ExportedItem]:
        """The person's seats and tokens; a token's hash is a secret and stays out."""
        for seat in session().exec(select(SeatRow).where(_theirs(SeatRow.member_id, person_id))):
            yield ExportedItem(self.tables[0], seat.id, json.dumps({"room": seat.room_id, "seat": seat.number, "role": seat.role}))
        for token in session().exec(select(TokenRow).where(_theirs(TokenRow.member_id, person_id))):
            yield ExportedItem(self.tables[1], token.id, json.dumps({"room": token.room_id, "role": token.role, "expires": token.expires_at.isoformat()}))

    def erase(self, person_id: str) -> None:
        """Remove them; the call, if one runs, goes on from browser to browser."""
        session().exec(delete(TokenRow).where(_theirs(TokenRow.member_id, person_id)))
        session().exec(delete(SeatRow).where(_theirs(SeatRow.member_id, person_id)))


def _theirs(member_id: str, person_id: str) -> ColumnElement[bool]:
    """The core names a patient's seat after the person."""
    return col(member_id).endswith(person_id, autoescape=True)
