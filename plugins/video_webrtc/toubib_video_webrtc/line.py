"""A socket as the signalling sees it. The web server's sockets are one kind, a test's queue another."""

from typing import Protocol


class LineClosed(Exception):
    """The other side is gone."""


class Line(Protocol):
    """One connected browser."""

    def receive(self, timeout: float) -> object | None:
        """The next message, `None` after `timeout` seconds without one; raises `LineClosed`."""
        ...

    def send(self, text: str) -> None:
        """Send one message; may block, so only a `Writer` calls it. Raises `LineClosed`."""
        ...

    def close(self, code: int) -> None:
        """Say goodbye with a WebSocket close code; may block; never raises."""
        ...

    def cut(self) -> None:
        """End the connection at once without a word; never blocks, never raises."""
        ...
