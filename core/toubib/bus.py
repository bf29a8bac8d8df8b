"""Live messages between the requests, sockets and processes of one installation.

In one process it is a dictionary of queues (`LocalBus`); across processes `bus_postgres` and `bus_table` carry them, by
what the database is. Nothing durable rides on it: whoever misses a message is told with `lagged` and reads the state
again. Messages are small JSON objects and carry no health text.
"""

import queue
import threading
from collections.abc import Mapping
from typing import Any, Protocol

from toubib.db import work

Live = Mapping[str, Any]

LAGGED: Live = {"type": "lagged"}
"""In place of messages that were lost: read the state again."""


class Subscription:
    """A bounded queue of live messages; a reader that is too slow loses the oldest and is told with `lagged`."""

    def __init__(self, size: int = 256) -> None:
        self._queue: queue.Queue[Live] = queue.Queue(size)

    def put(self, message: Live) -> None:
        """Deliver without ever blocking the sender."""
        try:
            self._queue.put_nowait(message)
        except queue.Full:
            with self._queue.mutex:
                self._queue.queue.clear()
            self._queue.put_nowait(LAGGED)

    def get(self, timeout: float) -> Live | None:
        """The next message, or `None` after `timeout` seconds."""
        try:
            return self._queue.get(timeout=timeout)
        except queue.Empty:
            return None


class Bus(Protocol):
    """Publish to whoever listens on a channel now."""

    def publish(self, channel: str, message: Live) -> None:
        """Deliver to every subscription of the channel, in every process; inside a unit of work, once it is committed."""
        ...

    def subscribe(self, channel: str) -> Subscription:
        """Begin to listen."""
        ...

    def unsubscribe(self, channel: str, subscription: Subscription) -> None:
        """Stop listening; unknown ones are ignored."""
        ...

    def close(self) -> None:
        """Let go of connections and threads. Called when the installation stops."""
        ...


class LocalBus:
    """The bus of a single process, and what a process keeps for itself under every other bus."""

    def __init__(self) -> None:
        self._channels: dict[str, set[Subscription]] = {}
        self._lock = threading.Lock()

    def publish(self, channel: str, message: Live) -> None:
        """Deliver once the open unit of work is committed, so that whoever reads the state then sees the change."""
        work.after_commit(lambda: self._send(channel, message))

    def _send(self, channel: str, message: Live) -> None:
        self.deliver(channel, message)

    def deliver(self, channel: str, message: Live) -> None:
        """Hand a message to the subscriptions of this process."""
        with self._lock:
            readers = tuple(self._channels.get(channel, ()))
        for reader in readers:
            reader.put(message)

    def lag(self) -> None:
        """Tell every subscription of this process that messages may have been lost."""
        with self._lock:
            readers = [reader for readers in self._channels.values() for reader in readers]
        for reader in readers:
            reader.put(LAGGED)

    def subscribe(self, channel: str) -> Subscription:
        """Begin to listen."""
        subscription = Subscription()
        with self._lock:
            self._channels.setdefault(channel, set()).add(subscription)
        return subscription

    def unsubscribe(self, channel: str, subscription: Subscription) -> None:
        """Stop listening."""
        with self._lock:
            readers = self._channels.get(channel, set())
            readers.discard(subscription)
            if not readers:
                self._channels.pop(channel, None)

    def close(self) -> None:
        """A dictionary needs no end."""
