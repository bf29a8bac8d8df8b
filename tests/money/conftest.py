"""A till of its own for every test on money."""

from collections.abc import Callable

import pytest

from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.testing.tills import Till


@pytest.fixture
def till(installation: Callable[..., Toubib], now: FixedClock) -> Till:
    return Till.opened(installation(), now)
