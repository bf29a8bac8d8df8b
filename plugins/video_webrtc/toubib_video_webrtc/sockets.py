"""flask-sock's sockets as lines. Cutting and timing out happen on the raw socket, below the library."""

import contextlib
import socket
import struct
from typing import Any

from simple_websocket import ConnectionClosed

from toubib_video_webrtc.line import LineClosed

SEND_SECONDS = 10
SLICE = 2.0


class SocketLine:
    """A `simple_websocket.Server` as a line."""

    def __init__(self, ws: Any) -> None:
        self._ws = ws
        limit = struct.pack("ll", SEND_SECONDS, 0)
        with contextlib.suppress(OSError):
            ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

    def receive(self, timeout: float) -> object | None:
        """The next message, `None` when there was none in time.

        Waits in slices: when the library ends a socket for a message too long, it wakes the reader before it says so.
        """
        left = timeout
        while left > 0:
            message = self._next(min(left, SLICE))
            if message is not None:
                return message
            left -= SLICE
        return None

    def _next(self, timeout: float) -> object | None:
        try:
            message: object | None = self._ws.receive(timeout=timeout)
        except (ConnectionClosed, OSError) as error:
            raise LineClosed from error
        return message

    def send(self, text: str) -> None:
        """Send one message; gives up on a peer that does not read for ten seconds."""
        try:
            self._ws.send(text)
        except (ConnectionClosed, OSError) as error:
            raise LineClosed from error

    def close(self, code: int) -> None:
        """Say goodbye with a code.

        Nothing may follow it: the development server would append an HTTP response, which browsers take for a
        broken frame and then never see the code. And a reset would swallow it, so the browser gets two seconds to answer.
        """
        with contextlib.suppress(Exception):
            self._ws.close(code)
            self._ws.sock.shutdown(socket.SHUT_WR)
            self._ws.thread.join(2)

    def cut(self) -> None:
        """Shut the raw socket; whoever reads or writes on it wakes up with an error."""
        with contextlib.suppress(OSError):
            self._ws.sock.shutdown(socket.SHUT_RDWR)
