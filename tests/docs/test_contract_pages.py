"""Every contract has a page that says what its docstrings say, and every hook has an implementation among our plugins or the tests."""

import ast
import inspect
from pathlib import Path

import pytest

from toubib.contracts.registry import Specs
from toubib.testing import contract_pages

ROOT = Path(__file__).parents[2]
HOOKS = sorted(name for name, _ in inspect.getmembers(Specs, inspect.isfunction) if name.startswith("toubib_"))
NOT_YET_REAL = {"toubib_observers", "toubib_channels"}
"""Hooks that no plugin of the repository needs yet; the tutorial and the tests of events implement them."""


@pytest.mark.feature("PLUG-09:b")
def test_pages_say_what_the_contracts_say(tmp_path: Path) -> None:
    contract_pages.write(tmp_path)
    for written in sorted(tmp_path.iterdir()):
        committed = ROOT / "docs/contracts" / written.name
        assert committed.read_text() == written.read_text(), f"run: python -m toubib.testing.contract_pages docs/contracts ({written.name})"


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_stands_on_a_page(hook: str) -> None:
    pages = "".join(p.read_text() for p in (ROOT / "docs/contracts").glob("*.md"))
    assert f"`{hook}(" in pages


@pytest.mark.parametrize("hook", [h for h in HOOKS if h not in NOT_YET_REAL])
def test_every_hook_is_implemented_by_a_plugin(hook: str) -> None:
    implemented = {
        node.name
        for path in ROOT.glob("plugins/*/toubib_*/plugin.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert hook in implemented
