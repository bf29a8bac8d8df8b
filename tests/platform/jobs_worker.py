"""A worker in a process of its own, whose job tells the test that it began and then hangs until it is killed."""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

from toubib.contracts.jobs import Job, Payload
from toubib.jobs.engine import JobEngine
from toubib.testing.installations import Starter


def hang(_payload: Payload) -> None:
    """Say that the job is in hand, and never end."""
    sys.stdout.write("in hand\n")
    sys.stdout.flush()
    time.sleep(60)


def main() -> None:
    """Start on the test's database and run what is due."""
    order = json.loads(sys.argv[1])
    Starter(order["url"], Path(order["folder"])).start(migrated=False)
    JobEngine([Job("toubib.hangs", hang, timeout=timedelta(seconds=order["lease"]))]).run_due("the first worker")


if __name__ == "__main__":
    main()
