"""Background work: declared at start, enqueued inside a unit of work, run at least once after commit.

Handlers are idempotent and get ids only. A handler opens its own unit of work; it never receives one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

Payload: TypeAlias = Mapping[str, str | int]
Handler: TypeAlias = Callable[[Payload], None]


class Later(Exception):
    """Raised by a handler: not now, try again after `wait`. The try does not count, so the job never gives up for it."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"try again in {wait}")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of background work.

    - `name`: `PLUGIN.verb_object`; the plugin's own prefix is checked at start.
    - `handler(payload)`: called by a worker, at least once, outside any unit of work. Raising means retry
      after `backoff * 2**attempt`; after `max_attempts` the job lies on the dead-letter page. Raising `Later` puts
      it back without counting.
    - `every`: run again and again at this interval (one worker at a time), besides being enqueued.
    - `timeout`: the lease; a worker that died is replaced after it.
    """

    name: str
    handler: Handler
    max_attempts: int = 8
    backoff: timedelta = timedelta(seconds=2)
    every: timedelta | None = None
    timeout: timedelta = timedelta(seconds=60)
    payload_version: int = 1
