"""The commands of this repository: what they install, what they leave behind, what they say when they may not."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"


def shell(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person would, without a terminal."""
    words, variables = list(map(str, command)), {**os.environ, **environment}
    return subprocess.run(words, cwd=ROOT, env=variables, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False)


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH of a Debian machine where nothing is installed and the account is an ordinary one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "cut", "tr", "dirname", "uname", "cat", "env", "printf"):
        source = Path("/usr/bin") / name
        (folder / name).symlink_to(source if source.exists() else Path("/bin") / name)
    for name, body in {"id": "echo 1000", "dpkg-query": "exit 1", "apt-get": "exit 99", "apt-cache": "exit 0"}.items():
        (folder / name).write_text(f"#!/bin/bash\n{body}\n")
        (folder / name).chmod(0o755)
    return folder


def test_an_account_that_may_not_install_is_told_the_command(bare_path: Path) -> None:
    done = shell(SCRIPTS / "system-packages", "demo", PATH=str(bare_path))
    assert done.returncode == 3
    assert "libpango-1.0-0" in done.stderr
    assert "WeasyPrint lays out prescriptions" in done.stderr
    assert "apt-get update && apt-get install --no-install-recommends libpango-1.0-0" in done.stderr


def test_it_says_first_what_it_installs(bare_path: Path) -> None:
    done = shell(SCRIPTS / "system-packages", "test", "--dry-run", PATH=str(bare_path))
    assert done.returncode == 1
    assert "the browser tests drive a real Chromium" in done.stderr


def test_a_complete_machine_hears_nothing() -> None:
    done = shell(SCRIPTS / "system-packages", "demo")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_environment_that_is_up_to_date_is_left_alone() -> None:
    if not (ROOT / ".venv" / ".stamp-dev").is_file():
        assert shell(SCRIPTS / "environment", "dev").returncode == 0
    before = (ROOT / ".venv" / ".stamp-dev").stat().st_mtime_ns
    begun = time.monotonic()
    assert shell(SCRIPTS / "environment", "dev").returncode == 0
    assert (ROOT / ".venv" / ".stamp-dev").stat().st_mtime_ns == before
    assert time.monotonic() - begun < 60


@pytest.mark.postgres
def test_the_database_is_private_and_leaves_nothing() -> None:
    said = 'echo "$TOUBIB_TEST_POSTGRES"; ls -d "${TOUBIB_TEST_POSTGRES##*host=}/data"'
    done = shell(SCRIPTS / "postgres", "run", "bash", "-c", said, TOUBIB_TEST_POSTGRES="")
    address, data = done.stdout.split()
    assert address.startswith("postgresql+psycopg://toubib@/toubib?host=")
    assert not Path(data).exists()


@pytest.mark.postgres
def test_the_command_s_exit_code_is_handed_on() -> None:
    assert shell(SCRIPTS / "postgres", "run", "bash", "-c", "exit 7", TOUBIB_TEST_POSTGRES="").returncode == 7


@pytest.mark.postgres
@pytest.mark.parametrize("killed_by", [signal.SIGTERM, signal.SIGKILL])
def test_the_database_goes_with_its_run_however_that_ends(killed_by: signal.Signals, tmp_path: Path) -> None:
    note = tmp_path / "address"
    command = [str(SCRIPTS / "postgres"), "run", "bash", "-c", f"echo ${{TOUBIB_TEST_POSTGRES##*host=}} >{note}.new; mv {note}.new {note}; exec sleep 30"]
    running = subprocess.Popen(command, env={**os.environ, "TOUBIB_TEST_POSTGRES": ""}, start_new_session=True)
    try:
        wait_for(note.exists)
        home = Path(note.read_text().strip())
        assert (home / "data" / "postmaster.pid").exists()
        if killed_by is signal.SIGTERM:
            os.killpg(running.pid, killed_by)
        else:
            running.kill()
        running.wait(timeout=20)
        wait_for(lambda: not home.exists())
    finally:
        running.kill()
        running.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait up to twenty seconds for something to become true."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited twenty seconds in vain"
        time.sleep(0.1)


def test_ci_runs_exactly_make_test() -> None:
    words = (ROOT / ".ci" / "run").read_text().split("\n")
    assert [line for line in words if line and not line.startswith(("#", "set ", "cd "))] == ["make test"]


def test_make_help_names_every_command() -> None:
    told = shell("make", "help").stdout
    assert [name for name in ("demo", "check", "test", "drill", "clean", "setup") if f"make {name} " not in told] == []
