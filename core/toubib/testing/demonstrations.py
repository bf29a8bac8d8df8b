"""The demonstration in processes of its own, as `toubib demo` starts it: pages, jobs, mailbox and payment double, each on a free port."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pyotp
from sqlalchemy import create_engine, text

from toubib.demo.seed import SECOND_FACTOR
from toubib.seams import clock

ROOT = Path(__file__).resolve().parents[3]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that arrived by SMTP. `number` is its place in the mailbox."""

    number: int
    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A running demonstration of a deployment: its addresses, its data folder and what it logged."""

    deployment: str
    web: int
    mailbox: int
    double: int
    data: Path
    log: Path
    environment: Mapping[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        """Where patients and practitioners begin."""
        return f"http://localhost:{self.web}"

    def mails(self, to: str = "") -> list[Mail]:
        """Messages that arrived so far, oldest first; only those to one address when it is given."""
        rows = json.loads(get(self.mailbox, "/messages.json"))
        return [Mail(n, **row) for n, row in enumerate(rows) if to in ("", row["to"])]

    def mail(self, to: str, fits: Callable[[Mail], bool] = lambda _mail: True, seconds: float = 60) -> Mail:
        """Wait for the newest message to an address that fits."""

        def newest() -> Mail | None:
            return next((m for m in reversed(self.mails(to)) if fits(m)), None)

        return wait_for(newest, f"a mail to {to}", seconds)

    def attachment(self, mail: Mail, part: int = 0) -> bytes:
        """An attachment of a message."""
        return get(self.mailbox, f"/{mail.number}/{part}")

    def command(self, *arguments: str) -> str:
        """Run `toubib` on the same data, as an operator would; what it printed."""
        program = [str(Path(sys.executable).with_name("toubib")), "--settings", str(ROOT / f"deployments/{self.deployment}/deployment.toml"), *arguments]
        done = subprocess.run(program, env={**self.environment, **self._storage()}, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _storage(self) -> dict[str, str]:
        return {"TOUBIB__STORAGE__DATA": str(self.data), "TOUBIB__DEMO": "true"}


def rows(demo: Demonstration, statement: str, **values: object) -> list[tuple[object, ...]]:
    """What stands in a demonstration's own database; `:name` in the statement is a value."""
    engine = create_engine(f"sqlite:///{demo.data / 'toubib.db'}")
    with closing(engine.connect()) as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def wait_for(find: Callable[[], Found | None], what: str, seconds: float = 60) -> Found:
    """Ask again until there is an answer; a failure that says what did not come otherwise."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := find()) is not None:
            return found
        time.sleep(0.25)
    raise AssertionError(f"{what} did not come within {seconds} s")


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The body of a page of this machine; a failure unless the answer is 200."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path, headers=dict(headers or {}))
        with connection.getresponse() as answer:
            body = answer.read()
            assert answer.status == 200, f"{path}: {answer.status}"
            return body


def post_json(port: int, path: str, given: Mapping[str, Any]) -> Any:
    """Post JSON to a page of this machine and read the answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", path, json.dumps(dict(given)), {"Content-Type": "application/json"})
        with connection.getresponse() as answer:
            return json.loads(answer.read())


def second_factor() -> str:
    """What the authenticator of every demonstration account shows now."""
    return pyotp.TOTP(SECOND_FACTOR).at(clock.now())


@contextmanager
def demonstration(folder: Path, database_url: str = "", deployment: str = "doctolib", **settings: str) -> Iterator[Demonstration]:
    """Seed and start a deployment's demonstration in a folder; it ends with the block, with all its processes.

    `settings` are environment variables; `{double}` and `{identity}` in them become ports that are free for the payment double
    and for the identity provider.
    """
    web, files, smtp, mailbox, double, identity = free_ports(6)
    environment = {**os.environ, **{name: value.format(double=double, identity=identity) for name, value in settings.items()}}
    if database_url:
        environment["TOUBIB__DATABASE__URL"] = database_url
    names = {"--port": web, "--files-port": files, "--smtp-port": smtp, "--mailbox-port": mailbox, "--data": folder / "data", "--deployment": deployment}
    program = [str(Path(sys.executable).with_name("toubib")), "demo", *(str(part) for pair in names.items() for part in pair)]
    log = folder / "demo.log"
    with log.open("w") as output:
        running = subprocess.Popen(program, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    with ExitStack() as stack:
        stack.callback(_stop, running)
        made = Demonstration(deployment, web, mailbox, double, folder / "data", log, environment)
        # a double listens where the deployment's settings say so, and only there
        for port in (mailbox, *([double] if any(str(double) in environment[name] for name in settings) else []), web):
            wait_for(lambda port=port: _up(running, port, log), f"port {port} of the demonstration", 300)  # type: ignore[misc]
        yield made


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on at the moment, all different."""
    with ExitStack() as stack:
        probes = [stack.enter_context(closing(socket.socket())) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _up(running: "subprocess.Popen[bytes]", port: int, log: Path) -> bool | None:
    assert running.poll() is None, log.read_text()[-4000:]
    with closing(socket.socket()) as probe:
        return True if probe.connect_ex(("127.0.0.1", port)) == 0 else None


def _stop(running: "subprocess.Popen[bytes]") -> None:
    running.send_signal(signal.SIGINT)
    try:
        running.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(timeout=30)
