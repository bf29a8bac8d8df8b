"""A real coturn on the loopback address, for tests of what passes through a relay."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Relay:
    """A running relay: its ports, without and with TLS, and what it said so far.

    The certificate is its own; a browser takes it when told to (`--ignore-certificate-errors`).
    """

    port: int
    tls_port: int
    log: Path


def documented(readme: Path, secret: str, *, loopback: bool = False) -> str:
    """The `turnserver.conf` that a README shows, with this secret.

    `loopback` lets it relay between two browsers of one machine, who are given addresses of that machine.
    """
    block = re.search(r"```ini\n# /etc/turnserver.conf\n(.*?)```", readme.read_text(), re.DOTALL)
    assert block, f"{readme} shows no turnserver.conf"
    configuration = re.sub(r"(?m)^static-auth-secret=.*$", f"static-auth-secret={secret}", block[1])
    return re.sub(r"(?m)^denied-peer-ip=127\..*$", "allow-loopback-peers", configuration) if loopback else configuration


@contextmanager
def coturn(configuration: str, folder: Path) -> Iterator[Relay]:
    """Run coturn with this `turnserver.conf`, bound to a free port of 127.0.0.1, until the block ends.

    Skips the test where coturn is not installed.
    """
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("coturn is not installed")
    port, tls_port = _free_ports(2)
    key, certificate = folder / "turn.key", folder / "turn.pem"
    ask = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*ask, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    here = {
        "listening-ip": "127.0.0.1",
        "relay-ip": "127.0.0.1",
        "listening-port": port,
        "tls-listening-port": tls_port,
        "cert": certificate,
        "pkey": key,
        "userdb": folder / "turn.db",
        "pidfile": folder / "turn.pid",
        "log-file": "stdout",
    }
    (folder / "turnserver.conf").write_text("\n".join([configuration, *(f"{name}={value}" for name, value in here.items())]))
    log = folder / "turn.log"
    with log.open("wb") as out:
        process = subprocess.Popen([program, "-c", str(folder / "turnserver.conf")], stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait(port, process, log)
        yield Relay(port, tls_port, log)
    finally:
        process.kill()
        process.wait(10)


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"coturn did not start: {log.read_text()[-2000:]}")
