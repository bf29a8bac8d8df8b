"""Wheels: each holds all that its package needs, is built without a network, and works outside of this tree."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]
PACKED = {".py", ".typed", ".html", ".jinja", ".css", ".js", ".svg", ".woff2", ".ttf", ".po", ".json", ".csv", ".gz", ".toml", ".txt", ".sql", ".mako", ".xml"}
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def run(*command: str, **environment: str) -> str:
    """Run a command that must succeed; what it printed."""
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **OFFLINE, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def package_of(project: Path) -> Path:
    """The package that a project packs."""
    return ROOT / "core" / "toubib" if project == ROOT else project / f"toubib_{project.name}"


def packed(package: Path) -> set[str]:
    """The files of a package, as paths from its parent, that a wheel must hold."""
    return {path.relative_to(package.parent).as_posix() for path in package.rglob("*") if path.suffix in PACKED}


class Builder:
    """Builds the wheel of a project once, in a copy, so that no build folder of this tree can help."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.tree = folder, folder / "tree"
        self._built: dict[Path, Path] = {}
        run("git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(self.tree))

    def wheel(self, project: Path) -> Path:
        """The wheel of a project."""
        if project not in self._built:
            target = self._folder / package_of(project).name
            source = self.tree / project.relative_to(ROOT)
            run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(source))
            (self._built[project],) = target.glob("*.whl")
        return self._built[project]


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """One builder for all tests."""
    return Builder(tmp_path_factory.mktemp("wheels"))


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: package_of(path).name)
def test_a_wheel_holds_every_file_of_its_package(builder: Builder, project: Path) -> None:
    archive, package = zipfile.ZipFile(builder.wheel(project)), package_of(project)
    held = set(archive.namelist())
    assert sorted(packed(builder.tree / package.relative_to(ROOT)) - held) == []
    assert f"{package.name}/py.typed" in held
    assert [name for name in held if not name.startswith((f"{package.name}/", f"{package.name}-"))] == []
    (metadata,) = (archive.read(name).decode() for name in held if name.endswith(".dist-info/METADATA"))
    assert "License-Expression: Apache-2.0" in metadata


OUTSIDE = """
import pathlib, sys
from importlib.metadata import entry_points
import toubib

place, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
found = {point.name: point for point in entry_points(group="toubib")}
modules = [found[name].load() for name in names]
for module in (toubib, *modules):
    assert place in pathlib.Path(module.__file__).resolve().parents, module.__file__
print(*(module.toubib_info().name for module in modules))
"""


@pytest.mark.feature("PLUG-01:a", "PLUG-01:b")
def test_wheels_installed_outside_the_tree_work(builder: Builder, tmp_path: Path) -> None:
    place, script = tmp_path / "site", tmp_path / "outside.py"
    wheels = [str(builder.wheel(project)) for project in PROJECTS]
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(place), *wheels)
    script.write_text(OUTSIDE)
    names = [project.name for project in PROJECTS if project != ROOT]
    assert run(sys.executable, str(script), str(place), *names, PYTHONPATH=str(place)).split() == names
