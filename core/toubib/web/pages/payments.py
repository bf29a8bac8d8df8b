"""Where providers send their signed messages."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from toubib.services import payments as service
from toubib.web import webhook

payments = Blueprint("payments", __name__)


@payments.post("/webhooks/<provider>")
@webhook("takes a provider's signed message")
def receive(provider: str) -> ResponseReturnValue:
    """Check the signature, keep the event once, answer; what it means is looked up afterwards."""
    status = service.receive(provider, dict(request.headers), request.get_data())
    return "", status
