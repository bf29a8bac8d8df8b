"""The bus of live messages as plugins may use it. Nothing durable rides on it."""

from toubib import runtime
from toubib.bus import Bus


def bus() -> Bus:
    """The bus of the running installation."""
    return runtime.current().bus
