"""The one clock. Every instant of the program comes from here, so that tests can move it."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """An aware UTC instant."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests and simulated dates: stands still until moved, or runs from `start` when `running`."""

    def __init__(self, start: datetime, *, running: bool = False) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware instant")
        self._at = start.astimezone(UTC)
        self._since = datetime.now(UTC) if running else None

    def now(self) -> datetime:
        """The simulated instant."""
        return self._at + (datetime.now(UTC) - self._since if self._since else timedelta())

    def advance(self, by: timedelta) -> None:
        """Move the clock forward (or back, with a negative `by`)."""
        self._at += by


_clock: Clock = SystemClock()


def use(clock: Clock) -> Clock:
    """Replace the clock of the process and return the one before. Called at start and by tests only."""
    global _clock
    before, _clock = _clock, clock
    return before


def is_real() -> bool:
    """Whether the process lives by the machine's clock."""
    return isinstance(_clock, SystemClock)


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _clock.now()


def today(zone: str) -> date:
    """The calendar date now in an IANA zone."""
    return _clock.now().astimezone(ZoneInfo(zone)).date()
