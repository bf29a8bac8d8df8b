"""`python -m toubib_video_webrtc.echo --port N`: run the echo peer until the parent or an operator ends it.

The secret comes from the environment (`TOUBIB_ECHO_SECRET`). With `--port 0` the chosen port is the first
line of standard output. With `--with-parent` the process ends when its standard input does.
"""

import argparse
import asyncio
import os
import signal
import sys

from toubib_video_webrtc.echo.peer import Echo
from toubib_video_webrtc.echo.server import MAX_HEAD, Server


def main() -> int:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m toubib_video_webrtc.echo", description="Echo peer for the test before the call.")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 chooses a free one and prints it")
    parser.add_argument("--places", type=int, default=4, help="sessions at once")
    parser.add_argument("--seconds", type=float, default=30.0, help="longest session")
    parser.add_argument("--idle", type=float, default=0.0, help="end after so many seconds without a request; 0 never")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    arguments = parser.parse_args()
    secret = os.environ.get("TOUBIB_ECHO_SECRET", "")
    if len(secret) < 16:
        parser.error("TOUBIB_ECHO_SECRET must hold at least 16 characters")
    asyncio.run(_serve(arguments, secret))
    return 0


async def _serve(arguments: argparse.Namespace, secret: str) -> None:
    echo = Echo(arguments.places, arguments.seconds)
    server = Server(echo, secret)
    listening = await asyncio.start_server(server.handle, "127.0.0.1", arguments.port, limit=MAX_HEAD + 1024)
    sys.stdout.write(f"{listening.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    if arguments.with_parent:
        loop.add_reader(sys.stdin.fileno(), _parent_spoke, over)
    server.last_request = loop.time()
    await _until(over, server, echo, arguments.idle)
    listening.close()
    await echo.close()


def _parent_spoke(over: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        over.set()


async def _until(over: asyncio.Event, server: Server, echo: Echo, idle: float) -> None:
    loop = asyncio.get_running_loop()
    while not over.is_set():
        try:
            await asyncio.wait_for(over.wait(), 1.0)
        except TimeoutError:
            if idle and not echo.sessions and loop.time() - server.last_request > idle:
                return


if __name__ == "__main__":
    sys.exit(main())
