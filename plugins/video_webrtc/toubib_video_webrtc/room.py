"""The state of one room, without transport or database: who has a seat, who is connected, who offers.

Every change returns a new room. The stored rows are loaded into it and written back under a lock, so the
rules stand in one place and can be tested over any history.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Denied(StrEnum):
    """Why somebody does not get in. The values are sent to the browser as error codes."""

    TOKEN = "token"  # noqa: S105  a code, not a token
    FULL = "full"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may sit in the room. `id` is opaque and stable over reloads; names stay with the core."""

    id: str
    role: str


@dataclass(frozen=True, slots=True)
class Seat:
    """A member's place for the whole session.

    - `number`: 0, 1, …; of two members the one with the lower number makes the offer.
    - `connection`: the socket that speaks for the member now, or empty.
    - `page`: one load of the page. A new socket of the same page keeps its picture; a new page starts anew.
    """

    member: Member
    number: int
    connection: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """What a join did: the room after it, the seat taken, the socket that it replaced, if any, and on which right it rests."""

    room: "Room"
    seat: Seat
    replaced: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """At most `capacity` seats. A closed room lets nobody in."""

    session_id: str
    capacity: int
    seats: tuple[Seat, ...] = ()
    closed: bool = False

    def join(self, member: Member, page: str, connection: str) -> Joined | Denied:
        """Seat a member, or give back the seat they have; the newest socket of a member is the one that counts."""
        if self.closed:
            return Denied.CLOSED
        before = self.seat_of(member.id)
        number = before.number if before else self._free_number()
        if number is None:
            return Denied.FULL
        seat = Seat(member, number, connection, page)
        return Joined(self._with(seat), seat, before.connection if before else "")

    def drop(self, connection: str) -> "Room":
        """The socket is gone; its member keeps the seat. Unknown and replaced sockets change nothing."""
        return replace(self, seats=tuple(replace(s, connection="") if connection and s.connection == connection else s for s in self.seats))

    def leave(self, member_id: str) -> "Room":
        """The member hung up: the seat is free for somebody else."""
        return replace(self, seats=tuple(s for s in self.seats if s.member.id != member_id))

    def close(self) -> "Room":
        """End for everybody; closing a closed room changes nothing."""
        return replace(self, seats=(), closed=True)

    def seat_of(self, member_id: str) -> Seat | None:
        """The member's seat, if they have one."""
        return next((s for s in self.seats if s.member.id == member_id), None)

    def others(self, member_id: str) -> tuple[Seat, ...]:
        """The other members who are connected."""
        return tuple(s for s in self.seats if s.member.id != member_id and s.connection)

    def _free_number(self) -> int | None:
        taken = {s.number for s in self.seats}
        return next((n for n in range(self.capacity) if n not in taken), None)

    def _with(self, seat: Seat) -> "Room":
        kept = [s for s in self.seats if s.member.id != seat.member.id]
        return replace(self, seats=tuple(sorted((*kept, seat), key=lambda s: s.number)))


def offers(mine: Seat, other: Seat) -> bool:
    """Whether `mine` makes the offer to `other`. Exactly one of two does."""
    return mine.number < other.number
