"""`python -m toubib_sponsor.double --port 8095 --code ABCD-1 --token secret`: a sponsor's service on this machine only."""

import argparse

from toubib.web import stand_in
from toubib_sponsor.double.server import build


def main() -> None:
    """Serve until told to stop; prints one line with the address when ready."""
    parser = argparse.ArgumentParser(prog="python -m toubib_sponsor.double", description="A strict local double of a sponsor's service.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--code", action="append", default=[], help="a code that is entitled; may be given several times")
    parser.add_argument("--token", default="", help="the only bearer token that is accepted")
    asked = parser.parse_args()
    listener, base = stand_in.listen(asked.port)
    with listener:
        stand_in.serve(stand_in.server(listener, build(asked.code, asked.token)), base)


if __name__ == "__main__":
    main()
