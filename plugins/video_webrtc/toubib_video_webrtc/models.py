"""The plugin's tables. They hold only what may die with the plugin: rooms, seats, tokens, by opaque ids."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from toubib.db import Table, instant

OPAQUE = "opaque ids only; the core's encounter names the custodian"


class RoomRow(Table, table=True):
    """A room; its id is the core's media session."""

    __tablename__ = "video_webrtc_room"
    global_because: ClassVar[str] = OPAQUE
    encounter_id: str = Field(index=True)
    capacity: int
    opened_at: datetime = instant(default_now=True)
    closed_at: datetime | None = instant(optional=True, index=True)


class SeatRow(Table, table=True):
    """Who sits where. The database refuses a second member on a seat and a second seat for a member."""

    __tablename__ = "video_webrtc_seat"
    __table_args__ = (UniqueConstraint("room_id", "number"), UniqueConstraint("room_id", "member_id"))
    global_because: ClassVar[str] = OPAQUE
    room_id: str = Field(foreign_key="video_webrtc_room.id", index=True)
    number: int
    member_id: str = Field(index=True)
    role: str
    connection: str = ""
    page: str = ""


class TokenRow(Table, table=True):
    """A room token: only its hash, for one member, once, for a short time. `credential` is the session or link it was given for."""

    __tablename__ = "video_webrtc_token"
    global_because: ClassVar[str] = OPAQUE
    room_id: str = Field(foreign_key="video_webrtc_room.id", index=True)
    member_id: str = Field(index=True)
    role: str
    credential: str = ""
    token_hash: str = Field(unique=True)
    expires_at: datetime = instant(index=True)
    used_at: datetime | None = instant(optional=True)
