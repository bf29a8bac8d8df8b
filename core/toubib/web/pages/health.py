"""Whether the process and its database answer; for load balancers and the demo."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlmodel import select

from toubib.web import looking, public

health = Blueprint("health", __name__)


@health.get("/health/live")
@public("says that the process answers")
def live() -> ResponseReturnValue:
    """The process answers."""
    return {"status": "ok"}


@health.get("/health/ready")
@public("says that the database answers")
def ready() -> ResponseReturnValue:
    """The database answers too."""
    with looking() as session:
        session.exec(select(1)).one()
    return {"status": "ok"}
