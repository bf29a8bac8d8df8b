"""The page of plugins lists every folder, in one line and with a link, and its concerns name only plugins that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))
ONE_LINE, CONCERNS = (ROOT / "docs/plugins/README.md").read_text(encoding="utf-8").split("## By concern")


def test_every_plugin_has_one_line_and_a_link() -> None:
    lines = re.findall(r"^\| \[`(\w+)`\]\(\.\./\.\./plugins/(\w+)/README\.md\) \| \S.* \|$", ONE_LINE, re.MULTILINE)
    assert [name for name, _ in lines] == [folder for _, folder in lines] == PLUGINS


@pytest.mark.parametrize("name", PLUGINS)
def test_every_plugin_serves_a_concern(name: str) -> None:
    rows = [row.split("|")[-2] for row in CONCERNS.splitlines() if row.startswith("|")]
    assert any(f"`{name}`" in row for row in rows)


def test_concerns_name_no_plugin_that_is_not_there() -> None:
    rows = [row.split("|")[-2] for row in CONCERNS.splitlines() if row.startswith("|")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} <= set(PLUGINS)
