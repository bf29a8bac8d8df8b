"""What programs that stand in for an outside service share: one look that is not the product's, strict headers, this machine only.

Plugins build their doubles on it. They are started by the demonstration and by tests, never by the house: no page of theirs
belongs to the application, and settings that lead to them are refused in production (`PluginSettings.unsafe`).
"""

import contextlib
import logging
import signal
import socket
import sys
from importlib import resources
from pathlib import Path
from types import FrameType

from flask import Blueprint, Flask, Response
from werkzeug.serving import BaseWSGIServer, make_server

HOST = "127.0.0.1"
TEMPLATES = Path(str(resources.files("toubib").joinpath("templates")))
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"


def application(name: str) -> Flask:
    """An empty stand-in: its pages extend `toubib/stand_in/base.html`. A view may send a `Content-Security-Policy` of its own."""
    app = Flask(name, static_folder=None, template_folder=None)
    look = Blueprint("stand_in", __name__, template_folder=str(TEMPLATES))
    look.add_url_rule("/stand_in.css", "style", _style)
    app.register_blueprint(look)
    app.after_request(_harden)
    return app


def _style() -> Response:
    return Response((TEMPLATES / "toubib" / "stand_in" / "double.css").read_text("utf-8"), mimetype="text/css")


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def listen(port: int) -> tuple[socket.socket, str]:
    """A socket on this machine alone (port 0: a free one), and the address under which it is reached."""
    listener = socket.create_server((HOST, port))
    return listener, f"http://{HOST}:{listener.getsockname()[1]}"


def server(listener: socket.socket, app: Flask) -> BaseWSGIServer:
    """A server on a socket that already listens; raises `ValueError` for one that others could reach."""
    host, port = listener.getsockname()[:2]
    if host != HOST:
        raise ValueError(f"a stand-in listens on {HOST} only, not on {host}")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return make_server(host, port, app, threaded=True, fd=listener.fileno())


def serve(running: BaseWSGIServer, base: str) -> None:
    """Say `ready ADDRESS` on one line, then answer until told to stop (SIGTERM, Ctrl-C)."""
    signal.signal(signal.SIGTERM, _stop)
    sys.stdout.write(f"ready {base}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        running.serve_forever()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
