"""The first page: whichever front door the deployment chose. The door itself says what it shows and to whom."""

from flask import Blueprint, current_app, redirect, url_for
from flask.typing import ResponseReturnValue

from toubib import runtime
from toubib.web.needs import need_of, public

front = Blueprint("front", __name__)


@front.get("/")
@public("the first page")
def home() -> ResponseReturnValue:
    """The deployment's front door; one that needs a permission is gone to by its own address, where that is asked."""
    toubib = runtime.current()
    endpoint = toubib.registry.entries[toubib.settings.site.home].endpoint
    view = current_app.view_functions[endpoint]
    need = need_of(view)
    if need is None or not need.public:
        return redirect(url_for(endpoint))
    answer: ResponseReturnValue = current_app.ensure_sync(view)()
    return answer
