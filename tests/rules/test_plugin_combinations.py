"""Plugins come and go: all of them, each one off, each one alone, all pairs; every page that needs no argument answers."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = tuple(path.parent.name for path in sorted(ROOT.glob("plugins/*/pyproject.toml")))
Start = Callable[..., Flask]


def begin(app: Start, *plugins: str) -> Flask:
    """An application with these plugins; the only scheduler there is gets chosen, as a deployment would."""
    return app(*plugins, use={"scheduler": "booking"} if "booking" in plugins else {})


def answers(app: Flask) -> dict[str, int]:
    """The status of every page that needs no argument, asked by somebody who is not logged in."""
    client = app.test_client()
    pages = sorted({rule.rule for rule in app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())})
    return {page: client.get(page).status_code for page in pages}


def works(app: Flask) -> None:
    """The application answers: the home page at least, and no page breaks."""
    found = answers(app)
    assert found["/"] in {200, 302}
    assert {page: status for page, status in found.items() if status >= 500} == {}


@pytest.mark.feature("PLUG-10:a")
@pytest.mark.parametrize("off", [None, *PLUGINS])
def test_all_and_each_one_off(app: Start, off: str | None) -> None:
    works(begin(app, *(name for name in PLUGINS if name != off)))


@pytest.mark.feature("PLUG-10:b")
@pytest.mark.parametrize("alone", PLUGINS)
def test_each_one_alone(app: Start, alone: str) -> None:
    works(begin(app, alone))


@pytest.mark.feature("PLUG-10:c")
@pytest.mark.parametrize("pair", list(combinations(PLUGINS, 2)), ids="+".join)
def test_all_pairs(app: Start, pair: tuple[str, str]) -> None:
    works(begin(app, *pair))


def test_none_at_all(app: Start) -> None:
    works(begin(app))
