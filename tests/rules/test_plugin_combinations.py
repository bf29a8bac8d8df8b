"""Plugins come and go: all of them, each one off, each one alone, all pairs; every page that needs no argument answers.

Alone and one off, they are migrated for themselves on both databases. Pairs grow with the square of their number: they
start on one database that has everybody's tables, as after plugins were taken off the list.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import pytest
from flask import Flask

from toubib import web_app
from toubib.testing.installations import Starter
from toubib.testing.rule_cache import share_rules
from toubib.testing.template_cache import share_templates

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = tuple(path.parent.name for path in sorted(ROOT.glob("plugins/*/pyproject.toml")))
Start = Callable[..., Flask]


def choices(*plugins: str) -> dict[str, str]:
    """The only scheduler there is gets chosen, as a deployment would."""
    return {"scheduler": "booking"} if "booking" in plugins else {}


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
    listed = [name for name in PLUGINS if name != off]
    works(app(*listed, use=choices(*listed)))


@pytest.mark.feature("PLUG-10:b")
@pytest.mark.parametrize("alone", PLUGINS)
def test_each_one_alone(app: Start, alone: str) -> None:
    works(app(alone, use=choices(alone)))


@pytest.fixture(scope="module")
def everybodys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """An installation whose database has the tables of all plugins."""
    folder = tmp_path_factory.mktemp("everybody")
    starter = Starter(f"sqlite:///{folder / 'toubib.db'}", folder)
    starter.start(*PLUGINS, use=choices(*PLUGINS))
    share_rules()
    yield starter
    starter.stop()


@pytest.mark.feature("PLUG-10:c")
@pytest.mark.parametrize("pair", list(combinations(PLUGINS, 2)), ids="+".join)
def test_all_pairs(everybodys: Starter, pair: tuple[str, str]) -> None:
    works(share_templates(web_app.build(everybodys.start(*pair, migrated=False, use=choices(*pair)))))


def test_none_at_all(app: Start) -> None:
    works(app())
