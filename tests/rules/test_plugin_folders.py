"""Every plugin is a folder that a third party could have written: own names, own README, own project file."""

import importlib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from toubib.contracts.plugin import PluginInfo

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
each_plugin = pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)


def package(plugin: Path) -> Path:
    """The package in a plugin's folder."""
    return plugin / f"toubib_{plugin.name}"


def project(plugin: Path) -> Mapping[str, Any]:
    """A plugin's project file."""
    return tomllib.loads((plugin / "pyproject.toml").read_text())


def info(plugin: Path) -> PluginInfo:
    """What a plugin says of itself."""
    said = importlib.import_module(f"toubib_{plugin.name}.plugin").toubib_info()
    assert isinstance(said, PluginInfo)
    return said


def test_no_plugin_is_left_out() -> None:
    assert PLUGINS
    assert [path.name for path in sorted((ROOT / "plugins").iterdir()) if path.is_dir() and path not in PLUGINS and any(path.rglob("*.py"))] == []


@each_plugin
def test_the_project_file_is_a_strangers(plugin: Path) -> None:
    file, name = project(plugin), plugin.name
    assert file["build-system"]["build-backend"] == "flit_core.buildapi"
    assert file["project"]["name"] == f"toubib-{name.replace('_', '-')}"
    assert file["project"]["license"] == "Apache-2.0"
    assert file["project"]["entry-points"]["toubib"] == {name: f"toubib_{name}.plugin"}
    assert [d for d in file["project"]["dependencies"] if d.startswith(("toubib-", "toubib_"))] == []


@each_plugin
def test_the_folder_is_complete(plugin: Path) -> None:
    missing = [name for name in ("README.md", "tests") if not (plugin / name).exists()]
    missing += [name for name in ("__init__.py", "plugin.py", "py.typed") if not (package(plugin) / name).is_file()]
    assert missing == []
    assert list(plugin.rglob("conftest.py")) == []
    tests = list((plugin / "tests").rglob("test_*.py"))
    assert tests
    assert [path.name for path in tests if not path.name.startswith(f"test_{plugin.name}")] == []


@each_plugin
def test_the_readme_explains_every_setting(plugin: Path) -> None:
    text = (plugin / "README.md").read_text()
    section = re.search(r"^#+ Settings\b[^\n]*$(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, "README.md has no section named Settings"
    fields = info(plugin).settings.model_fields
    assert [name for name in fields if not re.search(rf"^\|\s*`{name}`", section[1], re.MULTILINE)] == []


@pytest.mark.feature("PLUG-04:a", "PLUG-04:b")
@each_plugin
def test_all_that_it_owns_bears_its_name(plugin: Path) -> None:
    assert info(plugin).name == plugin.name
    templates = package(plugin) / "templates"
    assert [path.name for path in templates.glob("*") if path.name != plugin.name] == []
    tables = {name for path in package(plugin).rglob("*.py") for name in re.findall(r"__tablename__\s*(?::[^=]+)?=\s*[\"'](\w+)", path.read_text())}
    assert [table for table in tables if not table.startswith(f"{plugin.name}_")] == []


@pytest.mark.feature("PLUG-04:c")
@each_plugin
def test_catalogues_bear_its_name(plugin: Path) -> None:
    assert [path.name for path in package(plugin).rglob("*.po") if path.stem != plugin.name] == []
