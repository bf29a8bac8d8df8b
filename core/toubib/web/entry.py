"""Letting somebody in: the session's cookie, and where to go on; the ways in that identity providers offer."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import redirect, request
from werkzeug.wrappers import Response

from toubib import i18n, runtime
from toubib.contracts.identity import Audience
from toubib.services import external
from toubib.web import request as req
from toubib.web.shell import allow_form_host, render, say, text


def safe_path(target: str) -> str:
    """A path of our own to go on to; anything else becomes the first page."""
    plain = target.isprintable() and "\\" not in target
    return target if plain and target.startswith("/") and not target.startswith("//") else "/"


def set_session_cookie(response: Response, token: str) -> None:
    """The session's cookie: this site only, never readable by scripts, for as long as a session can last."""
    lasts = timedelta(days=runtime.current().settings.rules.session_days)
    response.set_cookie(req.SESSION_COOKIE, token, max_age=lasts, httponly=True, samesite="Lax", secure=req.secure_cookies())


def enter(token: str, target: str) -> Response:
    """Give the browser the session that a service began, and go on to a path of ours; any other target becomes the first page."""
    response = redirect(safe_path(target))
    set_session_cookie(response, token)
    return response


def browser() -> str:
    """How the browser calls itself, for the list of devices."""
    return request.user_agent.string


def visitor() -> str:
    """A key of this browser, made now if there is none: what was begun in it may only be finished in it."""
    return req.ensure_visitor()


def absolute(path: str) -> str:
    """A path of ours as the outside knows it, whatever host a request names."""
    return runtime.current().settings.web.public_url.rstrip("/") + path


def ways_in(target: str, audience: Audience | None = None) -> list[Mapping[str, Any]]:
    """The identity providers as buttons; `target` is where to go on to afterwards."""
    return [
        {
            "label": text("Sign in with %(provider)s", provider=i18n.localised(p.title)),
            "href": f"{p.path}?{urlencode({'next': safe_path(target)})}",
            "note": say(p.note) if p.note else "",
        }
        for p in external.houses(audience)
    ]


def to_connect(person_id: str) -> list[Mapping[str, Any]]:
    """The identity services with which a patient's account could be connected and is not yet, as buttons. In a unit of work."""
    mine = external.connected(person_id)
    return [
        {"label": text("Connect %(provider)s", provider=i18n.localised(p.title)), "href": f"{p.path}?next=/account", "kind": "secondary"}
        for p in external.houses(Audience.PATIENTS)
        if p.name not in mine
    ]


def via(provider: str) -> str:
    """By whom a session was opened, in words; "" for one opened by a mailed code."""
    found = external.house(provider) if provider else None
    title = i18n.localised(found.title) if found else provider
    return text("Signed in with %(provider)s", provider=title) if provider else ""


def left(session_id: str) -> Response:
    """The page after signing out of a session that an identity provider opened: its own session is another, and is ended there."""
    found = external.leaving(session_id)
    if found is None:
        return redirect("/")
    provider, leaving = found
    parts = urlsplit(leaving.url)
    allow_form_host(f"{parts.scheme}://{parts.netloc}")
    return render("toubib/account/signed_out.html", provider=i18n.localised(provider.title), url=leaving.url, fields=dict(leaving.fields))
