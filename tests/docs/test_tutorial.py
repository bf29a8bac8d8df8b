"""The tutorial's files, made exactly as they stand, install as a third party would install them and pass their own test."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs/tutorial/first_plugin.md"
FILE = re.compile(r"^`([\w./]+)`\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def write_files(folder: Path) -> list[str]:
    """Write every named block of the tutorial; gives back the names."""
    names = []
    for name, content in FILE.findall(TUTORIAL.read_text()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        names.append(name)
    return names


@pytest.mark.slow
@pytest.mark.feature("PLUG-09:a", "PLUG-01:a")
def test_the_tutorials_plugin_is_found_and_works(tmp_path: Path) -> None:
    names = write_files(tmp_path)
    assert {"pyproject.toml", "toubib_parking/plugin.py", "tests/test_parking_page.py"} <= set(names)
    target = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target), str(tmp_path)]
    subprocess.run(install, check=True)
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\naddopts = --import-mode=importlib\n")
    environment = os.environ | {"PYTHONPATH": str(target)}
    environment.pop("TOUBIB_TEST_POSTGRES", None)
    environment.pop("TOUBIB_REQUIRE", None)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "setup.cfg", "tests"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout
