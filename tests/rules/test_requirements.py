"""Requirements: all that is declared is pinned with hashes, for every supported Python, without a word on where it comes from."""

import configparser
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PINNED = ("runtime", "dev")


def lines(name: str) -> list[str]:
    """The requirements of a list, without comments and options."""
    text = (ROOT / "requirements" / name).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith(("#", "-"))]


def pins(name: str) -> Iterator[Requirement]:
    """The pinned requirements of a list."""
    for line in lines(f"{name}.txt"):
        yield Requirement(line.split("--hash")[0].strip())


def declared() -> Iterator[Requirement]:
    """What the core (with its extras) and the plugins need."""
    core = configparser.ConfigParser()
    core.read(ROOT / "setup.cfg")
    extras = [core["options.extras_require"][name] for name in core["options.extras_require"] if name != "testing"]
    for block in (core["options"]["install_requires"], *extras):
        yield from (Requirement(line) for line in block.split("\n") if line.strip())
    for path in sorted(ROOT.glob("plugins/*/pyproject.toml")):
        yield from map(Requirement, tomllib.loads(path.read_text())["project"]["dependencies"])


def test_every_declared_requirement_is_pinned_within_its_range() -> None:
    versions: dict[str, list[str]] = {}
    for pin in pins("runtime"):
        versions.setdefault(canonicalize_name(pin.name), []).append(next(iter(pin.specifier)).version)
    wrong = [str(r) for r in declared() if r.name != "toubib" and not all(map(r.specifier.contains, versions.get(canonicalize_name(r.name), ["0"])))]
    assert wrong == []


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
