"""`python -m toubib_payment_stripe.double --port 8098 --webhook-url http://127.0.0.1:8000/webhooks/payment_stripe --webhook-secret whsec_...`."""

import argparse
import socket
import sys
from pathlib import Path

from toubib.contracts.plugin import OutsideHost
from toubib.seams import network
from toubib.web import stand_in
from toubib_payment_stripe.double import DEFAULT_PORT, DEFAULT_SECRET_KEY, DEFAULT_WEBHOOK_SECRET
from toubib_payment_stripe.double.server import build
from toubib_payment_stripe.double.store import Store
from toubib_payment_stripe.double.webhooks import Delivery
from toubib_payment_stripe.double.world import Config, World


def arguments(given: list[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m toubib_payment_stripe.double", description="A strict local double of Stripe. No card is ever charged.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--webhook-url", default="", help="where events are posted")
    parser.add_argument("--webhook-secret", default=DEFAULT_WEBHOOK_SECRET, help="signs the events")
    parser.add_argument("--secret-key", default=DEFAULT_SECRET_KEY, help="the only key that is accepted")
    parser.add_argument("--state", type=Path, default=None, help="a file that survives a restart; memory if absent")
    parser.add_argument("--creditor", default="Toubib", help="name shown on the page of the platform's own account")
    parser.add_argument("--account", action="append", default=[], metavar="ACCT=NAME", help="a connected account; without any, every acct_... is accepted")
    parser.add_argument("--retry-after", default="1,3,10,30,60,300", help="seconds between tries of a webhook")
    return parser.parse_args(given)


def main(given: list[str]) -> None:
    """Serve until told to stop; prints one line with the address when ready."""
    asked = arguments(given)
    store = Store(asked.state)
    listener, base = stand_in.listen(asked.port)
    with listener:
        config = Config(
            base_url=base,
            secret_key=asked.secret_key,
            webhook_url=asked.webhook_url,
            webhook_secret=asked.webhook_secret,
            creditor=asked.creditor,
            accounts=dict(pair.partition("=")[::2] for pair in asked.account),
            retries=tuple(float(seconds) for seconds in asked.retry_after.split(",") if seconds),
        )
        _serve(listener, World(store, config))
    store.close()


def _serve(listener: socket.socket, world: World) -> None:
    network.declare([OutsideHost(stand_in.HOST, "webhooks to the application on this machine")])
    delivery = Delivery(world)
    running = stand_in.server(listener, build(world, delivery))
    delivery.start()
    stand_in.serve(running, world.config.base_url)
    delivery.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
