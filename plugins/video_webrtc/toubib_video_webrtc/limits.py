"""How fast one socket may speak."""

from collections.abc import Callable

from toubib.seams import clock


def seconds() -> float:
    """Seconds of the program's clock, for differences only."""
    return clock.now().timestamp()


class Bucket:
    """`burst` messages at once, then `per_second` on average. Not shared between threads.

    A start of a call takes about forty messages (candidates come one by one), so the burst is generous
    and the average is not.
    """

    def __init__(self, burst: int = 150, per_second: float = 5.0, now: Callable[[], float] = seconds) -> None:
        self._burst, self._rate, self._now = burst, per_second, now
        self._left, self._at = float(burst), now()

    def take(self) -> bool:
        """Whether one more message may pass now."""
        now = self._now()
        self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
