"""The writing side of a socket: a thread that empties the socket's bounded queue.

A socket's `send` blocks while its peer does not read (measured: such a peer stopped the *sender's*
conversation). So nobody but this thread sends, whoever has something to say only fills the queue, and a
peer so slow that its queue overflows is cut.
"""

import json
import threading
from collections.abc import Mapping
from typing import Any

from toubib_video_webrtc.hub import Live, Queue
from toubib_video_webrtc.line import Line, LineClosed


class Writer:
    """Sends what the queue brings for one member, in order, until it is told to end."""

    def __init__(self, line: Line, queue: Queue, member_id: str, connection: str) -> None:
        self._line, self._queue, self._member_id, self._connection = line, queue, member_id, connection
        self._thread = threading.Thread(target=self._run, name="video_webrtc-writer", daemon=True)
        self._thread.start()

    def say(self, message: Live) -> None:
        """Queue a message for this socket alone."""
        self._queue.put({"to": self._member_id, "but": "", "message": message})

    def finish(self, code: int, seconds: float = 5.0) -> None:
        """Send what is queued, close with `code`; cut the line when that takes too long."""
        self._queue.put({"connection": self._connection, "code": code, "message": None})
        self._thread.join(seconds)
        if self._thread.is_alive():
            self.cut()

    def cut(self) -> None:
        """End the connection now; the thread notices at its next message."""
        self._line.cut()
        self._queue.put({"type": "lagged"})

    def _run(self) -> None:
        try:
            while (envelope := self._queue.get(timeout=60.0)) is None or self._handle(envelope):
                pass
        except LineClosed:
            self._line.cut()

    def _handle(self, envelope: Mapping[str, Any]) -> bool:
        """Whether to go on."""
        if envelope.get("type") == "lagged":
            self._line.cut()
            return False
        ending = "code" in envelope
        if ending and envelope["connection"] not in {"", self._connection}:
            return True
        if envelope["message"] and (ending or self._meant(envelope)):
            self._line.send(json.dumps(envelope["message"], separators=(",", ":")))
        if ending:
            self._line.close(envelope["code"])
        return not ending

    def _meant(self, envelope: Mapping[str, Any]) -> bool:
        if envelope["to"]:
            return bool(envelope["to"] == self._member_id)
        return bool(envelope["but"] != self._member_id)
