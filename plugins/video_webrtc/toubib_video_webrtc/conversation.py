"""The life of one socket: a token first, then a seat, then messages to and fro until somebody ends it."""

import json
from typing import Any, Protocol

from toubib.seams import randomness
from toubib_video_webrtc.hub import Hub
from toubib_video_webrtc.limits import Bucket, seconds
from toubib_video_webrtc.line import Line, LineClosed
from toubib_video_webrtc.messages import BadMessage, Bye, ClientMessage, Join, Ping, Quality, Sending, Signal, parse
from toubib_video_webrtc.room import Denied, Joined, Room, Seat, offers
from toubib_video_webrtc.writer import Writer

LEFT, SILENT, RENEW, BAD, TOKEN, REVOKED, REPLACED, FULL, CLOSED, FLOOD = 1000, 4000, 4001, 4400, 4401, 4403, 4408, 4409, 4410, 4429
"""Close codes. The browser comes back by itself after any other; these it explains instead."""

CODES = {Denied.TOKEN: TOKEN, Denied.FULL: FULL, Denied.CLOSED: CLOSED}
FIRST_WORD = 10.0
"""Seconds within which a new socket must show its token."""
PATIENCE = 45.0
"""Seconds of silence after which a socket is given up; the browser pings every ten."""
LOOK_AGAIN = 4.0
"""Seconds after which a silent socket's right is looked at again; before every message it is looked at anyway."""
ASK_AGAIN = 1500.0
"""Seconds after which a socket ends and comes back with a fresh token, so that the whole way in is walked again
within half an hour (OWASP WebSocket cheat sheet). The picture goes on meanwhile."""
MAX_MISTAKES = 20


class Doors(Protocol):
    """The rooms as a socket uses them; each call is a unit of work of its own."""

    def enter(self, token: str, page: str, connection: str) -> Joined | Denied:
        """Spend the token and take the seat."""
        ...

    def look(self, session_id: str) -> Room:
        """The room as it is now."""
        ...

    def may_stay(self, session_id: str, credential: str) -> bool:
        """Whether the right that a socket rests on still stands."""
        ...

    def drop(self, session_id: str, connection: str) -> bool:
        """The socket is gone; whether it still spoke for its member."""
        ...

    def leave(self, session_id: str, connection: str, member_id: str) -> bool:
        """The member hung up; whether it was the socket that spoke for them."""
        ...

    def moved(self, session_id: str, state: str) -> None:
        """A browser says that its link is in another state than before."""
        ...

    def measured(self, session_id: str, role: str, quality: Quality) -> None:
        """The last figures of a browser whose socket ends."""
        ...


class Conversation:
    """Runs in the socket's own thread; nothing it does can block or end another one."""

    def __init__(self, line: Line, doors: Doors, hub: Hub) -> None:
        self._line, self._doors, self._hub = line, doors, hub
        self._bucket = Bucket()

    def run(self) -> None:
        """Talk until the end; returns when the socket is closed."""
        try:
            first = self._first()
            if isinstance(first, int):
                self._line.close(first)
                return
            connection = randomness.new_id()
            joined = self._doors.enter(first.token, first.page, connection)
            if isinstance(joined, Denied):
                self._line.send(_error(joined.value))
                self._line.close(CODES[joined])
                return
        except LineClosed:
            return
        Seated(self._line, self._doors, self._hub, joined, self._bucket).run()

    def _first(self) -> Join | int:
        """The token. One ping before it is answered: the test before the call asks so whether sockets pass."""
        try:
            message = parse(self._line.receive(FIRST_WORD))
            if isinstance(message, Ping):
                self._line.send(json.dumps({"type": "pong"}))
                message = parse(self._line.receive(FIRST_WORD))
        except BadMessage as error:
            self._line.send(_error(error.code))
            return BAD
        return message if isinstance(message, Join) else BAD


class Seated:
    """A socket that has a seat."""

    def __init__(self, line: Line, doors: Doors, hub: Hub, joined: Joined, bucket: Bucket) -> None:
        self._line, self._doors, self._hub, self._bucket = line, doors, hub, bucket
        self._joined, self._seat, self._session_id = joined, joined.seat, joined.room.session_id
        self._id = joined.seat.member.id
        self._quality: Quality | None = None
        self._queue = hub.listen(self._session_id)
        self._writer = Writer(line, self._queue, self._id, joined.seat.connection)

    def run(self) -> None:
        """Introduce, listen, depart."""
        code = None
        try:
            code = self._introduce() or self._listen()
        except LineClosed:
            pass
        finally:
            self._hub.forget(self._session_id, self._queue)
            try:
                # somebody without the right to be here keeps no seat, and the others end the picture that flows past us
                self._depart(hung_up=code in (LEFT, REVOKED))
            finally:
                self._writer.cut() if code is None else self._writer.finish(code)

    def _introduce(self) -> int | None:
        """Tell who is here, read anew: whoever came in before this socket could hear is in the rows."""
        if self._joined.replaced:
            self._hub.end(self._session_id, REPLACED, connection=self._joined.replaced)
        room = self._doors.look(self._session_id)
        if room.closed:
            return CLOSED
        if self._seat not in room.seats:
            return REPLACED
        others = room.others(self._id)
        self._writer.say({"type": "welcome", "you": self._id, "peers": [_peer(other, offer=offers(self._seat, other)) for other in others]})
        for other in others:
            self._tell({"type": "peer", "peer": _peer(self._seat, offer=offers(other, self._seat))}, to=other.member.id)
        return None

    def _listen(self) -> int:
        mistakes, began, heard = 0, seconds(), seconds()
        while mistakes < MAX_MISTAKES:
            text = self._line.receive(LOOK_AGAIN)
            if text is not None and not self._bucket.take():
                return FLOOD
            if not self._doors.may_stay(self._session_id, self._joined.credential):
                return REVOKED
            if seconds() - began > ASK_AGAIN:
                return RENEW
            if text is None:
                if seconds() - heard > PATIENCE:
                    return SILENT
                continue
            heard = seconds()
            try:
                message = parse(text)
            except BadMessage as error:
                mistakes += 1
                self._writer.say({"type": "error", "code": error.code})
                continue
            if isinstance(message, Bye):
                return LEFT
            self._answer(message)
        return BAD

    def _answer(self, message: ClientMessage) -> None:
        if isinstance(message, Signal):
            self._tell({"type": "signal", "from": self._id, "page": self._seat.page, **message.body}, to=message.to)
        elif isinstance(message, Sending):
            self._tell({"type": "sending", "from": self._id, "audio": message.audio, "video": message.video})
        elif isinstance(message, Quality):
            if self._quality is None or self._quality.state != message.state:
                self._doors.moved(self._session_id, message.state)
            self._quality = message
        elif isinstance(message, Ping):
            self._writer.say({"type": "pong"})
        else:
            self._writer.say({"type": "error", "code": "joined_already"})

    def _tell(self, message: dict[str, Any], to: str = "") -> None:
        self._hub.tell(self._session_id, message, to=to, but=self._id)

    def _depart(self, *, hung_up: bool) -> None:
        connection = self._seat.connection
        if self._quality is not None:
            self._doors.measured(self._session_id, self._seat.member.role, self._quality)
        if hung_up:
            if self._doors.leave(self._session_id, connection, self._id):
                self._tell({"type": "left", "id": self._id})
        elif self._doors.drop(self._session_id, connection):
            self._tell({"type": "gone", "id": self._id})


def _error(code: str) -> str:
    return json.dumps({"type": "error", "code": code})


def _peer(seat: Seat, *, offer: bool) -> dict[str, Any]:
    return {"id": seat.member.id, "role": seat.member.role, "page": seat.page, "offer": offer}
