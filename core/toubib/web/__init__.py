"""The web as plugins may use it: declaring who may call a page, opening work, rendering."""

from toubib.web.needs import needs, public, webhook
from toubib.web.request import acting, current_actor, looking, same_origin
from toubib.web.shell import not_found, problem, render, text

__all__ = [
    "acting",
    "current_actor",
    "looking",
    "needs",
    "not_found",
    "problem",
    "public",
    "render",
    "same_origin",
    "text",
    "webhook",
]
