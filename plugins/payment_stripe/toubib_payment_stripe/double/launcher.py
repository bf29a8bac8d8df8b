"""Start a double as a child process and steer it: for the demo and for tests."""

import http.client
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from toubib_payment_stripe.double import DEFAULT_SECRET_KEY, DEFAULT_WEBHOOK_SECRET

TEST_CARD, DECLINED_CARD, CHALLENGED_CARD, POOR_CARD = "4242424242424242", "4000000000000002", "4000002760003184", "4000000000009995"
SAVED_AFTER_CHALLENGE, REFUSED_LATER = "4000002500003155", "4000000000000341"


class DoubleDidNotStart(Exception):
    """The child process ended, or said something else than its address."""


@dataclass(slots=True)
class Double:
    """A running double. Use it as a context manager, or call `stop`."""

    base_url: str
    secret_key: str
    webhook_secret: str
    process: "subprocess.Popen[str]"
    command: list[str]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process; a double with a state file can be started again."""
        self.process.terminate()
        self.process.wait(timeout=20)
        if self.process.stdout:
            self.process.stdout.close()

    def restart(self) -> None:
        """Kill the process as a power cut would and start it again at the same address."""
        self.process.kill()
        self.process.wait(timeout=20)
        if self.process.stdout:
            self.process.stdout.close()
        port = urlsplit(self.base_url).port
        self.command = [*self.command[: self.command.index("--port")], "--port", str(port), *self.command[self.command.index("--port") + 2 :]]
        self.process, self.base_url = _spawn(self.command)

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the control page `/_double/PATH`: with a body to change something, without to read. Raises `ValueError` if refused."""
        method = "GET" if body is None else "POST"
        status, _headers, answer = self._http(method, f"/_double/{path}", json.dumps(body or {}), "application/json")
        if status != 200:
            raise ValueError(f"{path}: {status}")
        found: dict[str, Any] = json.loads(answer)
        return found

    def advance(self, seconds: int) -> int:
        """Move Stripe's clock; what time ends, ends. Returns the double's time in seconds since 1970."""
        return int(self.ask("clock", {"advance": seconds})["now"])

    def set_clock(self, at: datetime) -> None:
        """Put Stripe's clock, and the time of its signatures, to an instant: for an application whose clock is moved."""
        self.ask("clock", {"set": int(at.timestamp())})
        self.ask("settings", {"sign_with": "clock"})

    def signed_events(self) -> list[tuple[dict[str, str], bytes]]:
        """Every event so far, signed and oldest first, as headers and body: for a test that delivers them itself."""
        return [(event["headers"], event["body"].encode()) for event in self.ask("webhooks/signed")["events"]]

    def hold_webhooks(self, *, hold: bool = True) -> None:
        """Deliver nothing until released (`release`), or begin again to deliver."""
        self.ask("settings", {"hold": hold})

    def release(self, *, order: str = "original", copies: int = 1, seed: int = 0, again: bool = False) -> list[dict[str, Any]]:
        """Deliver all that waits now, in that order and that many copies; each event with the application's status code."""
        found: list[dict[str, Any]] = self.ask("webhooks/release", {"order": order, "copies": copies, "seed": seed, "again": again})["delivered"]
        return found

    def forge(self, kind: str, event: str = "", **alter: Any) -> int:
        """Send a webhook that Stripe would never send; the application's status code."""
        return int(self.ask("webhooks/forge", {"kind": kind, "event": event, "alter": alter})["status"])

    def break_next(self, method: str, path: str, mode: str = "after", times: int = 1) -> None:
        """The next call whose path contains `path` is not done (`before`) or its answer is lost (`after`)."""
        self.ask("settings", {"outage": {"method": method, "path": path, "times": times, "mode": mode}})

    def pay(self, url: str, number: str = TEST_CARD, *, agree: bool = True) -> str:
        """Do what the payer does on the hosted page: type a card, answer a challenge. Where the browser is sent; "" if the card is refused."""
        target = self._post(url, {"number": number, "expiry": "12 / 34", "cvc": "123"})
        if "/3ds/" in target:
            target = self._post(target, {"answer": "yes" if agree else "no"})
        return target

    def _post(self, url: str, form: Mapping[str, str]) -> str:
        status, headers, _body = self._http("POST", urlsplit(url).path, urlencode(form), "application/x-www-form-urlencoded")
        return headers.get("Location", "") if status == 303 else ""

    def _http(self, method: str, path: str, body: str, kind: str) -> tuple[int, dict[str, str], bytes]:
        # Not the network client: this is a parent speaking with its own child, also before an application exists.
        connection = http.client.HTTPConnection(urlsplit(self.base_url).netloc, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": kind})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


def start_double(
    *,
    port: int = 0,
    webhook_url: str = "",
    webhook_secret: str = DEFAULT_WEBHOOK_SECRET,
    secret_key: str = DEFAULT_SECRET_KEY,
    state: Path | None = None,
    creditor: str = "Toubib",
    accounts: Mapping[str, str] | None = None,
    retry_after: str = "1,3,10,30,60,300",
) -> Double:
    """Start a double on 127.0.0.1 (port 0: a free one) and wait until it answers. Raises `DoubleDidNotStart`."""
    command = [sys.executable, "-m", "toubib_payment_stripe.double", "--port", str(port), "--webhook-url", webhook_url, "--webhook-secret", webhook_secret]
    command += ["--secret-key", secret_key, "--creditor", creditor, "--retry-after", retry_after]
    if state is not None:
        command += ["--state", str(state)]
    for account, name in (accounts or {}).items():
        command += ["--account", f"{account}={name}"]
    process, base_url = _spawn(command)
    return Double(base_url, secret_key, webhook_secret, process, command)


def _spawn(command: list[str]) -> "tuple[subprocess.Popen[str], str]":
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline().strip() if process.stdout else ""
    if not line.startswith("ready "):
        process.kill()
        process.wait(timeout=20)
        raise DoubleDidNotStart(line)
    return process, line.removeprefix("ready ")
