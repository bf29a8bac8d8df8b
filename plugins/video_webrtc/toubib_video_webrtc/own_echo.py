"""The echo peer as a child of the web process: started when a test page opens, gone a while after the last one.

Media never run in the web process itself. In production an operator runs the peer and sets `echo_url`.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toubib.seams import network, randomness

HOST = "127.0.0.1"
IDLE_SECONDS = 300
START_SECONDS = 20
KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")


class EchoUnavailable(Exception):
    """The echo peer did not answer; the test says so and goes on without it."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an echo peer listens, and what it wants to hear."""

    url: str
    secret: str


class OwnEcho:
    """At most one child process, restarted when it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._address: Address | None = None
        self._secret = ""

    def warm(self) -> None:
        """Start the child without waiting for it: it needs a second to import its libraries."""
        with self._lock:
            self._start()

    def address(self) -> Address:
        """Where the child listens; starts it and waits for its port when need be."""
        with self._lock:
            process = self._start()
            if self._address is None:
                line = _first_line(process)
                if not line.isdigit():
                    raise EchoUnavailable("the echo peer did not start")
                self._address = Address(f"http://{HOST}:{int(line)}", self._secret)
            return self._address

    def stop(self) -> None:
        """End the child. It also ends by itself with this process."""
        with self._lock:
            self._forget()

    def _start(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._forget()
        self._secret = randomness.token()
        environment = {k: v for k, v in os.environ.items() if k in KEPT} | {"TOUBIB_ECHO_SECRET": self._secret}
        command = [sys.executable, "-m", "toubib_video_webrtc.echo", "--port", "0", "--idle", str(IDLE_SECONDS), "--with-parent"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        return self._process

    def _forget(self) -> None:
        process, self._process, self._address = self._process, None, None
        if process is None:
            return
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _first_line(process: "subprocess.Popen[bytes]") -> bytes:
    """What the child says first, its port; nothing when it says nothing in time."""
    if process.stdout is None or not select.select([process.stdout], [], [], START_SECONDS)[0]:
        return b""
    return process.stdout.readline().strip()


def answer(address: Address, offer: Mapping[str, Any]) -> dict[str, str]:
    """The peer's answer to an offer. Outside a unit of work. Raises `EchoUnavailable`."""
    headers = {"X-Echo-Secret": address.secret, "Content-Type": "application/json"}
    try:
        response = network.http_request("POST", f"{address.url}/offer", headers=headers, body=json.dumps(offer).encode())
        body = json.loads(response.body)
    except (network.NetworkUnavailable, ValueError) as error:
        raise EchoUnavailable(str(error)) from error
    if response.status != 200:
        raise EchoUnavailable(f"the echo peer answered {response.status}")
    return {"type": str(body["type"]), "sdp": str(body["sdp"])}


def healthy(address: Address) -> bool:
    """Whether the peer answers within a second."""
    with contextlib.suppress(network.NetworkUnavailable):
        response = network.http_request("GET", f"{address.url}/health", headers={"X-Echo-Secret": address.secret}, timeout=1.0)
        return response.status == 200
    return False
