"""Each product as a person would start it, with data of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from toubib.testing.browser_media import CHROMIUM
from toubib.testing.demonstrations import Demonstration, demonstration

Start = Callable[..., Demonstration]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a deployment's demonstration by its name; it ends with the test."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with ExitStack() as stack:
        yield lambda name, **settings: stack.enter_context(demonstration(tmp_path, "", name, **settings))
