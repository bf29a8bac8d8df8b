"""Fixtures for tests of the core and of plugins, known to pytest through the entry point `pytest11`.

`installation` starts Toubib with the plugins you name, on SQLite and (where `TOUBIB_TEST_POSTGRES` gives a server,
as `make test` does) on PostgreSQL; each test gets a database of its own, copied from a migrated template.
Imports are lazy, so that coverage still counts.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from toubib.testing import features, required

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from toubib.runtime import Toubib
    from toubib.seams.clock import FixedClock
    from toubib.testing.tills import Till

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """Register the sibling plugins once."""
    for module in (features, required):
        if not config.pluginmanager.is_registered(module):
            config.pluginmanager.register(module)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    if used := sys.modules.get("toubib.testing.installations"):
        used.clear_templates()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that needs a database on each database there is."""
    if "database_url" in metafunc.fixturenames:
        from toubib.testing.databases import engines

        metafunc.parametrize("database_url", engines(), indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of this test alone; where the test has `installation` too, that one makes it at its first start."""
    from toubib.testing.databases import fresh

    with fresh(request.param, tmp_path, made="installation" not in request.fixturenames) as url:
        yield url


@pytest.fixture
def now() -> Iterator["FixedClock"]:
    """The clock, standing on Monday 2 March 2026, 09:00 UTC, until the test moves it."""
    from toubib.seams import clock

    fixed = clock.FixedClock(MONDAY)
    before = clock.use(fixed)
    yield fixed
    clock.use(before)


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Callable[..., "Toubib"]]:
    """Start Toubib: `installation("booking", "country_fr", use={"scheduler": "booking"}, settings={...})`.

    The database is migrated for exactly these plugins. Only one runs at a time in a process.
    """
    from toubib.testing.installations import Starter

    starter = Starter(database_url, tmp_path, made=False)
    yield starter.start
    starter.stop()


@pytest.fixture
def app(installation: Callable[..., "Toubib"]) -> Callable[..., "Flask"]:
    """Like `installation`, with the web: returns the Flask application."""
    from toubib import web_app
    from toubib.testing.rule_cache import share_rules
    from toubib.testing.template_cache import share_templates

    share_rules()

    def build(*plugins: str, **settings: Any) -> "Flask":
        application = share_templates(web_app.build(installation(*plugins, **settings)))
        application.testing = False
        return application

    return build


@pytest.fixture
def till(installation: Callable[..., "Toubib"], now: "FixedClock") -> "Till":
    """A practice with something due and a strict provider in memory, for tests on money."""
    from toubib.testing.tills import Till

    return Till.opened(installation(), now)


@pytest.fixture
def browse() -> Callable[["Flask"], "FlaskClient"]:
    """A client for an application: `browse(app)`; each has cookies of its own."""
    return lambda application: application.test_client()
