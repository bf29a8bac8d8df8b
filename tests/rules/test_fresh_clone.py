"""A stranger's first minutes: a fresh clone, an account with nothing but a PATH, the two commands of the README."""

import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REACHING_THE_INDEX = ("PIP_", "SSL_", "HTTP_", "HTTPS_", "NO_PROXY", "http_", "https_", "no_proxy")
PARTS = ["ruff", "mypy --strict", "import-linter", "tests on SQLite and PostgreSQL", "tests in a browser", "video calls"]
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


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        first = int(probe.getsockname()[1])
    return [first, *free_ports(count - 1)] if count > 1 else [first]


@contextmanager
def demo(clone: Path, home: Path) -> Iterator[tuple[int, str]]:
    """`make demo` until it has printed its ways in: the port of its pages, and all that it said."""
    ports = free_ports(4)
    names = ("--port", "--files-port", "--smtp-port", "--mailbox-port")
    options = " ".join(f"{name} {port}" for name, port in zip(names, ports, strict=True))
    log = home / "demo.log"
    with log.open("w") as output:
        command = ["make", "demo", f"OPTIONS={options}"]
        running = subprocess.Popen(command, cwd=clone, env=bare(home), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    try:
        end = time.monotonic() + 900
        while not listens(ports[0]):
            assert running.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() < end, log.read_text()[-4000:]
            time.sleep(0.3)
        yield ports[0], log.read_text()
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGINT)
            running.wait(timeout=30)
    assert not any(listens(port) for port in ports)


def listens(port: int) -> bool:
    """Whether somebody answers at a port of this machine."""
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def page(port: int, path: str) -> str:
    """A page of the demo, in French."""
    with closing(http.client.HTTPConnection("localhost", port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Accept-Language": "fr"})
        with connection.getresponse() as answer:
            assert answer.status == 200
            return answer.read().decode()


def rows(clone: Path) -> dict[str, int]:
    """How many rows of each seeded kind the demo's database holds."""
    (file,) = (clone / "var").rglob("toubib.db")
    with closing(sqlite3.connect(file)) as database:
        return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in SEEDED}  # noqa: S608  (names of this file)


SEEDED = ("organisation", "person", "practitioner", "appointment", "occupancy")


@pytest.mark.feature("OPS-01:a", "OPS-01:c", "OPS-08:a", "OPS-08:b")
def test_one_command_leads_to_a_running_demo_and_a_second_changes_nothing(clone: Path, tmp_path: Path) -> None:
    asked = "/search?" + urllib.parse.urlencode({"what": "Médecin généraliste", "where": "Lyon"})
    with demo(clone, tmp_path) as (port, said):
        assert f"http://localhost:{port}" in said
        assert "no real care, no real money" in said
        assert "Démonstration" in page(port, "/")
        names = re.findall(r"Dr [A-Z]\w+ [A-Z]\w+", page(port, asked))
        assert names
    first = rows(clone)
    assert min(first.values()) > 0
    with demo(clone, tmp_path) as (port, _):
        assert set(re.findall(r"Dr [A-Z]\w+ [A-Z]\w+", page(port, asked))) == set(names)
    assert rows(clone) == first
