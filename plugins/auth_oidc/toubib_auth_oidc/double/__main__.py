"""`python -m toubib_auth_oidc.double --port 8096 --houses FILE.json`: prints one line with its address when it is ready."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from toubib.seams import randomness
from toubib.web import stand_in
from toubib_auth_oidc.double import DEFAULT_PORT
from toubib_auth_oidc.double.grants import server
from toubib_auth_oidc.double.houses import made
from toubib_auth_oidc.double.pages import pages, policy


def build(given: Mapping[str, Any], base: str) -> Flask:
    """The web application of all houses."""
    app = stand_in.application(__name__)
    app.secret_key = randomness.random_bytes(32)
    app.config.update(SESSION_COOKIE_NAME="demonstration_sso", SESSION_COOKIE_SAMESITE="Lax")
    houses = {key: made(key, one, base) for key, one in given.items()}
    app.register_blueprint(pages(houses, server(app)))
    app.after_request(policy)
    return app


def main(arguments: list[str]) -> None:
    """Serve on the loopback address until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m toubib_auth_oidc.double", description="A demonstration identity provider with invented people.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--houses", type=Path, required=True, help="JSON: houses by key, each with its client and people")
    asked = parser.parse_args(arguments)
    listener, base = stand_in.listen(asked.port)
    with listener:
        stand_in.serve(stand_in.server(listener, build(json.loads(asked.houses.read_text()), base)), base)


if __name__ == "__main__":
    # Authlib allows http only when told so; this program listens on the loopback address alone
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    main(sys.argv[1:])
