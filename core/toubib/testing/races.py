"""Many at once for the same time: a process of its own that holds times in threads, started by `race`."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from toubib.contracts.common import Refused
from toubib.db import database
from toubib.seams import clock
from toubib.testing.installations import Starter


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody who wants a service at a time."""

    service_id: str
    start: datetime


def race(url: str, folder: Path, plugins: Sequence[str], use: Mapping[str, str], wishes: Sequence[Wish], *, processes: int) -> list[str]:
    """Hold all wishes at once from several processes; gives back `held`, the rule broken, or the error, for each.

    The installation of `folder` and `url` must have been migrated; the clock is the machine's.
    """
    order = {"url": url, "folder": str(folder), "plugins": list(plugins), "use": dict(use)}
    started = []
    for number in range(processes):
        share = [[wish.service_id, wish.start.isoformat()] for wish in wishes[number::processes]]
        command = [sys.executable, "-m", "toubib.testing.races"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin
        process.stdin.write(json.dumps({**order, "wishes": share}) + "\n")
        process.stdin.flush()
        started.append(process)
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return [outcome for process in started for outcome in json.loads(process.communicate(timeout=120)[0])]


def main() -> None:
    """Start as told in the first line, wait for the second, then hold everything at once."""
    order = json.loads(sys.stdin.readline())
    toubib = Starter(order["url"], Path(order["folder"])).start(*order["plugins"], migrated=False, use=order["use"])

    def hold(wish: Sequence[str]) -> str:
        try:
            with database().unit_of_work():
                until = clock.now() + timedelta(minutes=10)
                answer = toubib.scheduler.hold(wish[0], datetime.fromisoformat(wish[1]), until)
        except Exception as error:  # noqa: BLE001  the race counts errors too
            return f"{type(error).__name__}: {error}"
        return answer.rule if isinstance(answer, Refused) else "held"

    wishes: Sequence[Any] = order["wishes"]
    with ThreadPoolExecutor(len(wishes)) as threads:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        outcomes = list(threads.map(hold, wishes))
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main()
