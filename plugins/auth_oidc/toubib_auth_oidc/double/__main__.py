"""`python -m toubib_auth_oidc.double --port 8096 --houses FILE.json`: prints one line with its address when it is ready."""

import argparse
import contextlib
import json
import logging
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask, Response, g
from werkzeug.serving import make_server

from toubib.seams import randomness
from toubib_auth_oidc.double import DEFAULT_PORT, HOST
from toubib_auth_oidc.double.grants import server
from toubib_auth_oidc.double.houses import made
from toubib_auth_oidc.double.pages import pages


def build(given: Mapping[str, Any], base: str) -> Flask:
    """The web application of all houses."""
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.secret_key = randomness.random_bytes(32)
    app.config.update(SESSION_COOKIE_NAME="demonstration_sso", SESSION_COOKIE_SAMESITE="Lax")
    houses = {key: made(key, one, base) for key, one in given.items()}
    app.register_blueprint(pages(houses, server(app)))
    app.after_request(_harden)
    return app


def _harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = g.get("auth_oidc_policy", "default-src 'none'; style-src 'self'")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def main(arguments: list[str]) -> None:
    """Serve on the loopback address until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m toubib_auth_oidc.double", description="A demonstration identity provider with invented people.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--houses", type=Path, required=True, help="JSON: houses by key, each with its client and people")
    asked = parser.parse_args(arguments)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with socket.create_server((HOST, asked.port)) as listener:
        base = f"http://{HOST}:{listener.getsockname()[1]}"
        running = make_server(HOST, listener.getsockname()[1], build(json.loads(asked.houses.read_text()), base), threaded=True, fd=listener.fileno())
        signal.signal(signal.SIGTERM, _stop)
        sys.stdout.write(f"ready {base}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            running.serve_forever()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # Authlib allows http only when told so; this program listens on the loopback address alone
    import os

    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    main(sys.argv[1:])
