"""One demonstration for all journeys on a database: started by the command that a person would type."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from toubib.testing.browser_media import CHROMIUM
from toubib.testing.databases import engines, fresh
from toubib.testing.demonstrations import Demonstration, demonstration
from toubib.testing.walks import Answers

SETTINGS = {"TOUBIB__SETTINGS__PAYMENT_STRIPE__API_BASE": "http://127.0.0.1:{double}", "TOUBIB__RULES__JOIN_EARLY_MINUTES": "240"}
"""The payment double on a free port; and one practitioner is walked to several times, so the later visits must not wait for their hour."""


@pytest.fixture(scope="session", params=engines())
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """A running demonstration with its own data, mailbox and payment double."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    folder = tmp_path_factory.mktemp(f"demo-{request.param}")
    with fresh(request.param, folder) as url, demonstration(folder, url if request.param != "sqlite" else "", **SETTINGS) as running:
        yield running


@pytest.fixture
def coverage() -> Answers:
    """Coverage facts of an invented patient; the number is one for tests, with a right key."""
    chosen = {"scheme": "general", "treating_doctor": "this", "full_cover": "no", "complementary": "responsible"}
    return Answers({"claims_fr.nir": "2 69 05 49 588 157 80"}, {f"claims_fr.{name}": value for name, value in chosen.items()})


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Demonstration]]:
    """Starts a deployment's demonstration by its name, with data of its own; it ends with the test."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with ExitStack() as stack:
        yield lambda name, **settings: stack.enter_context(demonstration(tmp_path, "", name, **settings))
