"""Start the demonstration provider as a child process and steer it: for tests."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Running:
    """A running provider; `issuer(key)` is a house of it."""

    base: str

    def issuer(self, key: str) -> str:
        """The issuer of a house."""
        return f"{self.base}/{key}"

    def control(self, key: str, **what: Any) -> dict[str, Any]:
        """Lie (`lies`, `userinfo_lies`), be silent (`down`), change or dismiss people (`claims`, `gone`), sign a sign-out (`logout`)."""
        # Not the network client: this is a parent speaking with its own child, also before an application exists.
        with closing(http.client.HTTPConnection(urlsplit(self.base).netloc, timeout=30)) as connection:
            connection.request("POST", f"/{key}/_control", json.dumps(what), {"Content-Type": "application/json"})
            found: dict[str, Any] = json.loads(connection.getresponse().read())
            return found


@contextmanager
def provider(folder: Path, houses: Mapping[str, Mapping[str, Any]]) -> Iterator[Running]:
    """A provider on a free port of this machine; it ends with the block."""
    file = folder / "houses.json"
    file.write_text(json.dumps(houses))
    command = [sys.executable, "-m", "toubib_auth_oidc.double", "--port", "0", "--houses", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("ready "):
            raise RuntimeError(f"the provider did not start: {line}")
        yield Running(line.split()[1])
    finally:
        process.terminate()
        process.communicate(timeout=20)


def choose(address: str, subject: str) -> str:
    """What somebody does on the provider's page: say who they are ("" stops). Where the browser is sent next."""
    parts = urlsplit(address)
    form = f"subject={subject}" if subject else "stop=1"
    with closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as connection:
        connection.request("POST", f"{parts.path}?{parts.query}", form, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        answer.read()
        return answer.getheader("Location") or ""
