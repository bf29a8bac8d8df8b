"""Real server processes for tests that need several on one database. Each serves the installation of a test over HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from toubib import web_app
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.testing.installations import Starter


@contextmanager
def servers(url: str, folder: Path, plugins: Sequence[str], sections: Mapping[str, object], *, processes: int = 2) -> Iterator[list[int]]:
    """Start server processes and give their ports of the loopback address; they end with the block.

    The installation of `folder` and `url` must have been migrated; `sections` are those of its settings; the clock
    is the machine's.
    """
    order = json.dumps({"url": url, "folder": str(folder), "plugins": list(plugins), "sections": dict(sections)})
    command = [sys.executable, "-m", "toubib.testing.servers", order]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    try:
        yield [_port(process) for process in started]
    finally:
        for process in started:
            process.terminate()
            process.communicate(timeout=20)


def _port(process: "subprocess.Popen[str]") -> int:
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("port "), f"the server did not start: {line}"
    return int(line.split()[1])


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_args: object) -> None:
        """Say nothing of each request."""


def started(order: Mapping[str, Any]) -> Toubib:
    """Start the installation of an order in this process; with `ahead`, so many seconds in the future of the machine's clock."""
    if ahead := order.get("ahead"):
        clock.use(clock.FixedClock(clock.now() + timedelta(seconds=ahead), running=True))
    return Starter(order["url"], Path(order["folder"])).start(*order["plugins"], migrated=False, **order["sections"])


def serve(toubib: Toubib) -> None:
    """Serve until told to stop, one thread a request; says on which port."""
    server = make_server("127.0.0.1", 0, web_app.build(toubib), threaded=True, request_handler=_Quiet)
    sys.stdout.write(f"port {server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def main() -> None:
    """Serve the installation of an order."""
    serve(started(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
