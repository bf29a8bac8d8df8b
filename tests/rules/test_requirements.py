"""Requirements: all that is declared is pinned with hashes, for every supported Python, without a word on where it comes from."""

import ast
import configparser
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = [path.parent.name for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))]
PINNED = ("runtime", "dev")


def lines(name: str) -> list[str]:
    """The requirements of a list, without comments and options."""
    text = (ROOT / "requirements" / name).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith(("#", "-"))]


def pins(name: str) -> Iterator[Requirement]:
    """The pinned requirements of a list."""
    for line in lines(f"{name}.txt"):
        yield Requirement(line.split("--hash")[0].strip())


def declared_by_core() -> list[Requirement]:
    """What the core needs, with its extras."""
    core = configparser.ConfigParser()
    core.read(ROOT / "setup.cfg")
    blocks = [core["options"]["install_requires"], *(core["options.extras_require"][name] for name in core["options.extras_require"])]
    return [Requirement(line) for block in blocks for line in block.split("\n") if line.strip()]


def declared_by(plugin: str) -> list[Requirement]:
    """What a plugin needs."""
    project = tomllib.loads((ROOT / "plugins" / plugin / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in project["dependencies"]]


def imported(package: Path) -> set[str]:
    """The top-level names of what a package's code imports, anywhere in it."""
    nodes = [node for path in package.rglob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.split(".")[0] for name in names} - sys.stdlib_module_names


def test_every_declared_requirement_is_pinned_within_its_range() -> None:
    versions: dict[str, list[str]] = {}
    for pin in pins("dev"):
        versions.setdefault(canonicalize_name(pin.name), []).append(next(iter(pin.specifier)).version)
    declared = [*declared_by_core(), *(requirement for plugin in PLUGINS for requirement in declared_by(plugin))]
    wrong = [str(r) for r in declared if r.name != "toubib" and not all(map(r.specifier.contains, versions.get(canonicalize_name(r.name), ["0"])))]
    assert wrong == []


def test_the_core_declares_all_that_it_imports() -> None:
    assert undeclared(ROOT / "core" / "toubib", declared_by_core()) == []


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_declares_all_that_it_imports(plugin: str) -> None:
    declared = declared_by(plugin)
    assert "toubib" in {requirement.name for requirement in declared}
    assert undeclared(ROOT / "plugins" / plugin / f"toubib_{plugin}", [*declared, *declared_by_core()]) == []


def undeclared(package: Path, declared: list[Requirement]) -> list[str]:
    """What a package imports without saying so."""
    names = {canonicalize_name(requirement.name) for requirement in declared}
    offered = packages_distributions()
    foreign = imported(package) - {"toubib", package.name}
    return sorted(name for name in foreign if not names & {canonicalize_name(source) for source in offered.get(name, [])})


@pytest.mark.parametrize("name", PINNED)
def test_every_pin_has_hashes(name: str) -> None:
    found = lines(f"{name}.txt")
    assert len(found) > 50
    assert [line.split()[0] for line in found if not re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


@pytest.mark.parametrize("name", PINNED)
def test_no_pin_says_where_it_comes_from(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert re.findall(r"https?://|file:|--(?:extra-)?index-url|--find-links|--trusted-host", text) == []


def test_the_tools_hold_the_same_versions_as_the_program() -> None:
    tools = {str(pin) for pin in pins("dev")}
    assert [str(pin) for pin in pins("runtime") if str(pin) not in tools] == []
