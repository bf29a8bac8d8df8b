"""The web application of a double; `toubib.web.stand_in` serves it on this machine, and nowhere else."""

from flask import Flask

from toubib.web import stand_in
from toubib_payment_stripe.double import api, control, hosted
from toubib_payment_stripe.double.webhooks import Delivery
from toubib_payment_stripe.double.world import World


def build(world: World, delivery: Delivery) -> Flask:
    """The web application of one double."""
    app = stand_in.application(__name__)
    app.extensions["stripe_double"] = world
    app.extensions["stripe_double_delivery"] = delivery
    app.jinja_env.autoescape = True
    for pages in (api.pages, control.pages, hosted.pages):
        app.register_blueprint(pages)
    return app
