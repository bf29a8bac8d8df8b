"""Running the demonstration: keys, migrations, seed, companions, mailbox, then the server with its jobs."""

import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from toubib import runtime
from toubib.app import start
from toubib.contracts.demo import Companion
from toubib.db import database, installation, migrate
from toubib.db.vault import KeyRing
from toubib.demo.seed import SECOND_FACTOR, seed
from toubib.serving import ServerOptions, serve_forever
from toubib.settings import Settings, load

START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class DemoPorts:
    """Where the parts of the demonstration listen, on this machine only."""

    web: int = 8000
    files: int = 8001
    smtp: int = 1025
    mailbox: int = 8025


def settings_for(deployment: Path, data: Path, ports: DemoPorts) -> Settings:
    """The deployment's settings, turned to this machine."""
    overrides = {
        "demo": True,
        "web": {"public_url": f"http://localhost:{ports.web}", "files_url": f"http://127.0.0.1:{ports.files}"},
        "mail": {"host": "127.0.0.1", "port": ports.smtp},
        "storage": {"data": str(data)},
    }
    return load(deployment / "deployment.toml", overrides=overrides)


def prepare(settings: Settings, ports: DemoPorts) -> Sequence[Companion]:
    """Make keys, apply migrations, seed what is missing; returns the companions to start."""
    settings.storage.data.mkdir(parents=True, exist_ok=True)
    if not settings.keys_path.exists():
        KeyRing(settings.keys_path).create()
    toubib = start(settings)
    click.echo("Preparing the database")
    migrate.upgrade()
    seed(settings.folder, lambda text: click.echo(f"  {text}"))
    companions = [
        companion
        for part in toubib.registry.demo.values()
        for companion in part.companions(f"http://127.0.0.1:{ports.web}", str(settings.storage.data.resolve()))
    ]
    database().engine.dispose()
    installation.use(None)
    runtime.use(None)
    return companions


def run(settings: Settings, ports: DemoPorts, companions: Sequence[Companion]) -> None:
    """Serve until stopped; every companion ends with it."""
    mailbox = Companion(
        "mailbox",
        (sys.executable, "-m", "toubib.demo.mailbox", "--smtp-port", str(ports.smtp), "--port", str(ports.mailbox)),
        f"http://127.0.0.1:{ports.mailbox}",
        about="a mail sink: nothing leaves this machine",
    )
    with _running([mailbox, *companions]):
        click.echo(ways_in(settings, ports))
        serve_forever(settings, ServerOptions(port=ports.web, files_port=ports.files, jobs=True))


def ways_in(settings: Settings, ports: DemoPorts) -> str:
    """What to open, and as whom."""
    plan = tomllib.loads((settings.folder / "demo.toml").read_text())
    practitioner = plan["practice"][0]["practitioner"][0]["email"]
    url = settings.web.public_url
    return "\n".join(
        [
            "",
            f"{settings.site.name} (demonstration: invented people, no real care, no real money)",
            f"  Patients      {url}",
            f"  Practitioners {url}/practice     sign in as {practitioner}",
            f"  Administrator {url}/admin        sign in as {plan['administrator']['email']}",
            *(f"  {way['who']:<13} {url}{way['path']}     {way['how']}" for way in plan.get("way", ())),
            f"  Mailbox       http://127.0.0.1:{ports.mailbox}          every code and link arrives here",
            f"  Second factor key for every demo account: {SECOND_FACTOR}",
            "    (a code for now: toubib demo --code)",
            "  Stop with Ctrl-C.",
            "",
        ]
    )


def _wait_for(companion: Companion, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a companion answers; a clear sentence when it ended instead."""
    address = urlsplit(companion.ready_url)
    for _ in range(START_SECONDS * 10):
        if process.poll() is not None:
            raise click.ClickException(f"{companion.name} did not start: its port {address.port} is probably in use by another demonstration")
        with suppress(OSError), socket.create_connection((address.hostname, address.port), timeout=1):
            return
        time.sleep(0.1)
    raise click.ClickException(f"{companion.name} did not answer within {START_SECONDS} seconds")


@contextmanager
def _running(companions: Sequence[Companion]) -> Iterator[None]:
    processes = [(c, subprocess.Popen(c.command)) for c in companions]
    try:
        for companion, process in processes:
            _wait_for(companion, process)
            click.echo(f"  {companion.name}: {companion.about}")
        yield
    finally:
        for _, process in processes:
            process.terminate()
        for _, process in processes:
            process.wait(10)

