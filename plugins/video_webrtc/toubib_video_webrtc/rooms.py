"""Rooms in the database: the rows are loaded into a `Room` under a lock, moved by its rules, written back.

All functions run inside a unit of work that somebody else opened.
"""

import hashlib
from dataclasses import replace
from datetime import timedelta

from sqlmodel import col, delete, select, update

from toubib.db import actor, session
from toubib.seams import clock, randomness
from toubib.services import sessions
from toubib_video_webrtc.models import RoomRow, SeatRow, TokenRow
from toubib_video_webrtc.room import Denied, Joined, Member, Room, Seat

JOIN = "video_webrtc.join"
"""The permission to enter the room of a visit."""
KEEP = timedelta(days=2)
"""How long a closed room remains, for an operator who is asked why a call failed."""


def open_room(session_id: str, encounter_id: str, capacity: int) -> None:
    """Create the room; an existing one stays as it is."""
    if session().get(RoomRow, session_id) is None:
        session().add(RoomRow(id=session_id, encounter_id=encounter_id, capacity=capacity))
        session().flush()


def encounter_of(session_id: str) -> str:
    """The encounter that a room was opened for. Raises `NoResultFound` for an unknown room."""
    return session().get_one(RoomRow, session_id).encounter_id


def issue_token(session_id: str, member: Member, lifetime: timedelta) -> str:
    """A fresh token for one member, to be used once, as long as the acting session or link opens the visit. It is not stored itself."""
    token = randomness.token()
    row = TokenRow(
        room_id=session_id,
        member_id=member.id,
        role=member.role,
        credential=sessions.credential(actor()),
        token_hash=_hash(token),
        expires_at=clock.now() + lifetime,
    )
    session().add(row)
    session().flush()
    return token


def open_session(encounter_id: str) -> str | None:
    """The session of an encounter's open room, if it has one."""
    query = select(RoomRow).where(RoomRow.encounter_id == encounter_id, col(RoomRow.closed_at).is_(None)).order_by(col(RoomRow.opened_at).desc())
    room = session().exec(query).first()
    return room.id if room else None


def enter(token: str, page: str, connection: str) -> Joined | Denied:
    """Spend a token and take the seat. A used, expired or unknown token gives nothing and tells nothing."""
    row = session().exec(select(TokenRow).where(TokenRow.token_hash == _hash(token))).first()
    if row is None:
        return Denied.TOKEN
    room = look(row.room_id)
    if not _spend(row) or not may_stay(row.room_id, row.credential):
        return Denied.TOKEN
    result = room.join(Member(row.member_id, row.role), page, connection)
    if isinstance(result, Denied):
        return result
    _store(room, result.room)
    return replace(result, credential=row.credential)


def may_stay(session_id: str, credential: str) -> bool:
    """Whether the session or link behind a socket still opens the room's visit."""
    return sessions.still_may(credential, JOIN, encounter_of(session_id))


def look(session_id: str) -> Room:
    """The room, locked until the unit of work ends; an unknown one is closed."""
    room = session().exec(select(RoomRow).where(RoomRow.id == session_id).with_for_update()).first()
    if room is None:
        return Room(session_id, 0, closed=True)
    rows = session().exec(select(SeatRow).where(SeatRow.room_id == session_id).order_by(col(SeatRow.number)))
    seats = tuple(Seat(Member(r.member_id, r.role), r.number, r.connection, r.page) for r in rows)
    return Room(session_id, room.capacity, seats, closed=room.closed_at is not None)


def drop(session_id: str, connection: str) -> bool:
    """A socket is gone. Whether it was the one that spoke for its member (a replaced one was not)."""
    room = look(session_id)
    after = room.drop(connection)
    _store(room, after)
    return after != room


def leave(session_id: str, connection: str, member_id: str) -> bool:
    """The member hung up; the seat is free. An older socket of theirs cannot do that any more."""
    room = look(session_id)
    seat = room.seat_of(member_id)
    if seat is None or seat.connection != connection:
        return False
    _store(room, room.leave(member_id))
    return True


def close_room(session_id: str) -> bool:
    """End the room and its tokens. Whether it was open."""
    room = look(session_id)
    if room.closed:
        return False
    _store(room, room.close())
    row = session().get_one(RoomRow, session_id)
    row.closed_at = clock.now()
    session().add(row)
    session().exec(delete(TokenRow).where(col(TokenRow.room_id) == session_id))
    return True


def purge() -> int:
    """Remove what nobody needs any more: expired tokens, and rooms closed a while ago. Rows removed."""
    old = select(RoomRow.id).where(col(RoomRow.closed_at) < clock.now() - KEEP)
    gone = session().exec(delete(TokenRow).where(col(TokenRow.expires_at) < clock.now())).rowcount
    session().exec(delete(TokenRow).where(col(TokenRow.room_id).in_(old)))
    session().exec(delete(SeatRow).where(col(SeatRow.room_id).in_(old)))
    return gone + session().exec(delete(RoomRow).where(col(RoomRow.closed_at) < clock.now() - KEEP)).rowcount


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _spend(row: TokenRow) -> bool:
    now = clock.now()
    unused = update(TokenRow).where(col(TokenRow.id) == row.id, col(TokenRow.used_at).is_(None), col(TokenRow.expires_at) > now)
    return session().exec(unused.values(used_at=now)).rowcount == 1


def _store(before: Room, after: Room) -> None:
    for seat in set(before.seats) - set(after.seats):
        session().exec(delete(SeatRow).where(col(SeatRow.room_id) == before.session_id, col(SeatRow.member_id) == seat.member.id))
    for seat in sorted(set(after.seats) - set(before.seats), key=lambda s: s.number):
        row = SeatRow(room_id=after.session_id, number=seat.number, member_id=seat.member.id, role=seat.member.role)
        row.connection, row.page = seat.connection, seat.page
        session().add(row)
    session().flush()
