"""Says things to the sockets of a room, in every process, over the core's bus: one channel for each room."""

from collections.abc import Mapping
from typing import Any, Protocol

Live = Mapping[str, Any]


class Queue(Protocol):
    """A bounded queue of live messages. When it overflows it holds nothing but `{"type": "lagged"}`."""

    def put(self, message: Live) -> None:
        """Add one; never blocks."""
        ...

    def get(self, timeout: float) -> Live | None:
        """The next one, or `None` after `timeout` seconds."""
        ...


class Bus(Protocol):
    """The part of the core's bus that signalling needs. A message may get lost: the rows are read again."""

    def publish(self, channel: str, message: Live) -> None:
        """Deliver to every subscription of the channel, in every process."""
        ...

    def subscribe(self, channel: str) -> Any:
        """Begin to listen; returns a `Queue`."""
        ...

    def unsubscribe(self, channel: str, subscription: Any) -> None:
        """Stop listening."""
        ...


class Hub:
    """The rooms' channels."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def listen(self, session_id: str) -> Queue:
        """Hear what is told to the room from now on."""
        queue: Queue = self._bus.subscribe(_channel(session_id))
        return queue

    def forget(self, session_id: str, queue: Queue) -> None:
        """Hear no more of the room."""
        self._bus.unsubscribe(_channel(session_id), queue)

    def tell(self, session_id: str, message: Live, *, to: str = "", but: str = "") -> None:
        """Say `message` to one member (`to`), or to all of the room except one (`but`)."""
        self._bus.publish(_channel(session_id), {"to": to, "but": but, "message": message})

    def end(self, session_id: str, code: int, *, connection: str = "", message: Live | None = None) -> None:
        """Close one socket of the room, or all of them, with a code, after a last message."""
        self._bus.publish(_channel(session_id), {"connection": connection, "code": code, "message": message})


def _channel(session_id: str) -> str:
    return f"video_webrtc.{session_id}"
