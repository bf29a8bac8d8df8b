"""One demonstration for all journeys on a database: started by the command that a person would type."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from toubib.testing.browser_media import CHROMIUM
from toubib.testing.databases import engines, fresh
from toubib.testing.demonstrations import Demonstration, demonstration

EARLY = {"TOUBIB__RULES__JOIN_EARLY_MINUTES": "240"}
"""Several visits are walked one after the other with one practitioner: the later ones must not wait for their hour."""


@pytest.fixture(scope="session", params=engines())
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """A running demonstration with its own data, mailbox and payment double."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    folder = tmp_path_factory.mktemp(f"demo-{request.param}")
    with fresh(request.param, folder) as url, demonstration(folder, url if request.param != "sqlite" else "", **EARLY) as running:
        yield running
