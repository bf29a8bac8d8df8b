"""A stranger's first minutes: a fresh clone, an account with nothing but a PATH, the two commands of the README."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REACHING_THE_INDEX = ("PIP_", "SSL_", "HTTP_", "HTTPS_", "NO_PROXY", "http_", "https_", "no_proxy")
PARTS = ["ruff", "mypy --strict", "import-linter", "tests on SQLite and PostgreSQL", "tests in a browser"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def bare(home: Path) -> dict[str, str]:
    """The environment of an account that was made this minute; only how to reach the package index is handed on."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(REACHING_THE_INDEX)}
    return {**kept, "HOME": str(home), "PATH": f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A clone of what is committed."""
    folder = tmp_path_factory.mktemp("stranger") / "toubib"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True)
    yield folder
    subprocess.run(["make", "clean"], cwd=folder, check=True, capture_output=True)
    assert subprocess.run(["git", "status", "--porcelain", "--ignored"], cwd=folder, check=True, capture_output=True, text=True).stdout == ""


@pytest.mark.feature("OPS-02:a")
def test_one_command_installs_what_it_needs_and_runs_the_tests(clone: Path, tmp_path: Path) -> None:
    command = ["make", "test", "TESTS=tests/rules/test_requirements.py"]
    done = subprocess.run(command, cwd=clone, env=bare(tmp_path), capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert [line.split(" s  ")[1] for line in done.stdout.splitlines() if line.startswith("passed ")] == PARTS
    assert "Installing the libraries of requirements/dev.txt" in done.stderr
