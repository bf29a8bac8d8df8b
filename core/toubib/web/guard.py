"""Who may call a page. Every route says so with `needs` or `public`; the start refuses one that does not.

An object that somebody may not see and one that does not exist get the same answer.
"""

from collections.abc import Iterable, Mapping

from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib.contracts.identity import ActorKind
from toubib.contracts.web import PublicRoute, WebPart
from toubib.db import database
from toubib.policy.rules import Policy, PolicyError
from toubib.services import room_links
from toubib.web.needs import Need, need_of
from toubib.web.request import GUEST_COOKIE, csrf_valid, current_actor
from toubib.web.shell import link_taken_back, not_found, problem, text


def check_routes(app: Flask, policy: Policy, listed: Iterable[PublicRoute]) -> None:
    """Refuse to start on a route without a permission, or public without standing on the reviewed list."""
    allowed = {route.endpoint for route in listed}
    for rule in app.url_map.iter_rules():
        need = need_of(app.view_functions[rule.endpoint])
        if need is None:
            raise PolicyError(f"route {rule.rule} ({rule.endpoint}) declares no permission")
        if need.public and rule.endpoint not in allowed:
            raise PolicyError(f"route {rule.rule} ({rule.endpoint}) is public and not on the reviewed list")
        if need.about and need.about not in rule.arguments:
            raise PolicyError(f"route {rule.rule} ({rule.endpoint}) has no part {need.about!r}")
        if need.permission:
            policy.check([need.permission])
            about = policy.permissions[need.permission].about
            if (about == "site") == bool(need.about):
                raise PolicyError(f"route {rule.rule} ({rule.endpoint}): {need.permission!r} is about a {about}")


def check_sockets(parts: Mapping[str, WebPart], policy: Policy) -> None:
    """Refuse to start on a socket message that declares no permission, or one that nobody has."""
    for owner, part in parts.items():
        for message in part.sockets:
            if not message.permission:
                raise PolicyError(f"socket message {message.type!r} of {owner!r} declares no permission")
            policy.check([message.permission])


def install(app: Flask, policy: Policy) -> None:
    """Check every request before its view runs."""

    def before() -> ResponseReturnValue | None:
        if request.endpoint is None:
            return None
        need = need_of(current_app.view_functions[request.endpoint])
        if need is None or any("\0" in str(part) for part in (request.view_args or {}).values()):
            return not_found()
        if any("\0" in value for value in request.args.values()) or (need.csrf and any("\0" in value for value in request.form.values())):
            abort(400)
        if need.csrf and request.method not in ("GET", "HEAD", "OPTIONS") and not csrf_valid():
            return _stale_form()
        return None if need.public else _permission(policy, need, request.view_args or {})

    app.before_request(before)


def _permission(policy: Policy, need: Need, parts: Mapping[str, str]) -> ResponseReturnValue | None:
    actor = current_actor()
    with database().reading(actor):
        if policy.allows(actor, need.permission, parts.get(need.about, "")):
            return None
        taken_back = room_links.taken_back(request.cookies.get(GUEST_COOKIE, "")) if actor.kind is ActorKind.ANONYMOUS else None
    wants_page = request.method == "GET"
    if wants_page and taken_back and parts.get(need.about) == taken_back.id:
        return link_taken_back(taken_back.status)
    if wants_page and actor.kind is ActorKind.ANONYMOUS:
        return redirect(url_for("account.sign_in", next=request.path))
    if wants_page and actor.kind is ActorKind.USER and actor.roles and not actor.strong:
        return redirect(url_for("account.second_factor", next=request.path))
    return not_found()


def _stale_form() -> ResponseReturnValue:
    return problem(
        400,
        text("This page was open for too long"),
        text("Its form is no longer valid, so nothing was changed."),
        todo=text("Go back, reload the page, and send it again."),
    )
