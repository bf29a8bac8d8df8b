"""`python -m toubib_sponsor.double --port 8095 --code ABCD-1 --token secret`: a sponsor's service on this machine only."""

import argparse
import logging

from werkzeug.serving import make_server

from toubib_sponsor.double.server import build
from toubib_sponsor.settings import LOOPBACK


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m toubib_sponsor.double", description="A strict local double of a sponsor's service.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--code", action="append", default=[], help="a code that is entitled; may be given several times")
    parser.add_argument("--token", default="", help="the only bearer token that is accepted")
    asked = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    make_server(LOOPBACK, asked.port, build(asked.code, asked.token), threaded=True).serve_forever()


if __name__ == "__main__":
    main()
