"""The double as a program: a small web server on the loopback address, and nowhere else."""

import socket

from flask import Flask, Response
from werkzeug.serving import BaseWSGIServer, make_server

from toubib_payment_stripe.double import api, control, hosted
from toubib_payment_stripe.double.webhooks import Delivery
from toubib_payment_stripe.double.world import World

HOST = "127.0.0.1"


def build(world: World, delivery: Delivery) -> Flask:
    """The web application of one double."""
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.extensions["stripe_double"] = world
    app.extensions["stripe_double_delivery"] = delivery
    app.jinja_env.autoescape = True
    for pages in (api.pages, control.pages, hosted.pages):
        app.register_blueprint(pages)
    app.after_request(_harden)
    return app


def serve(listener: socket.socket, world: World, delivery: Delivery) -> BaseWSGIServer:
    """A server on a socket that already listens; refuses any that does not listen on the loopback address."""
    host, port = listener.getsockname()[:2]
    if host != HOST:
        raise ValueError(f"the double listens on {HOST} only, not on {host}")
    return make_server(host, port, build(world, delivery), threaded=True, fd=listener.fileno())


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
