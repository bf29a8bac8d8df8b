"""A machine for tests that cut its power: server and worker of one installation, each a process, killed without a word and started again.

Each life of the machine may be ahead of this process by some time: its clock runs on from there. So minutes pass by the clock of the
processes that a test would have to wait for. Nothing of the running product reads such an order: `toubib serve` refuses another clock.

Both are forked from a process that has loaded the program and opened nothing, because loading it anew takes longer than all the rest.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path

from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.testing import servers

NOTHING = timedelta()


class Machine:
    """Server and worker of an installation that a test has migrated. `port` and `took` are those of the newest life."""

    def __init__(self, off: "subprocess.Popen[str]", order: Mapping[str, object]) -> None:
        self.off, self.order = off, order
        self.port = 0
        self.ahead = self.took = NOTHING
        self.running: list[int] = []

    def start(self, ahead: timedelta = NOTHING) -> None:
        """Begin a life whose clock is so far ahead of this process; the server answers and the worker works when it returns."""
        if not (self.off.stdin and self.off.stdout):
            raise RuntimeError("a machine speaks through its pipes")
        self.ahead, begun = ahead, time.monotonic()
        self.off.stdin.write(json.dumps({**self.order, "ahead": ahead.total_seconds()}) + "\n")
        self.off.stdin.flush()
        said = dict(self.off.stdout.readline().split() for _ in ("who lives", "the server", "the worker"))
        self.running = [int(pid) for pid in said["pids"].split(",")]
        self.port, self.took = int(said["port"]), timedelta(seconds=time.monotonic() - begun)

    def kill(self) -> None:
        """End both at once, as a power cut would."""
        for pid in self.running:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self.running:
            with suppress(ProcessLookupError):
                while True:
                    os.kill(pid, 0)
                    time.sleep(0.01)
        self.running = []

    def now(self) -> datetime:
        """What time it is by the machine's clock, which runs while it is dead too."""
        return clock.now() + self.ahead

    def wait_until(self, at: datetime) -> None:
        """Let time pass until an instant of the machine's clock."""
        time.sleep(max(0.0, (at - self.now()).total_seconds()))


@contextmanager
def machine(url: str, folder: Path, plugins: Sequence[str], sections: Mapping[str, object]) -> Iterator[Machine]:
    """A machine that is off; it is off again when the block ends. The installation of `folder` and `url` must have been migrated."""
    command = [sys.executable, "-m", "toubib.testing.machines", *plugins]
    order = {"url": url, "folder": str(folder), "plugins": list(plugins), "sections": dict(sections)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as off:
        made = Machine(off, order)
        try:
            yield made
        finally:
            made.kill()


def main() -> None:
    """Load the program, then begin a life for each order, until there are no more."""
    for name in sys.argv[1:]:
        for found in entry_points(group="toubib", name=name):
            found.load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pids = [_forked(order, part) for part in (servers.serve, _work)]
        _say(f"pids {','.join(map(str, pids))}")


def _forked(order: Mapping[str, object], part: Callable[[Toubib], None]) -> int:
    if pid := os.fork():
        return pid
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with suppress(BaseException):
        part(servers.started(order))
    _say("failed -")
    os._exit(1)


def _work(toubib: Toubib) -> None:
    _say("works -")
    toubib.jobs.serve(pause=0.05)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
