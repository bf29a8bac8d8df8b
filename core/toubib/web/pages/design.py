"""The components with invented data, in demonstrations and tests only."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from toubib import runtime
from toubib.web import not_found, public, render

design = Blueprint("design", __name__)


@design.get("/-/design")
@public("the components with invented data; test mode only")
def states() -> ResponseReturnValue:
    """Every component in all its states."""
    return render("toubib/design.html") if runtime.current().settings.demo else not_found()


@design.get("/-/design/call")
@public("the call page with invented data; test mode only")
def call() -> ResponseReturnValue:
    """The call page, dark."""
    return render("toubib/design_call.html") if runtime.current().settings.demo else not_found()
