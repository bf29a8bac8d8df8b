"""The request's actor, its unit of work, and the token that proves a form is ours."""

import hashlib
import hmac
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

from flask import current_app, g, request
from sqlmodel import Session

from toubib import runtime
from toubib.contracts.identity import ANONYMOUS, Actor
from toubib.db import database
from toubib.seams import randomness
from toubib.services import sessions
from toubib.services.secrets import matches

SESSION_COOKIE = "tb_session"
VISITOR_COOKIE = "tb_visitor"
GUEST_COOKIE = "tb_guest"


def current_actor() -> Actor:
    """Who is behind this request. Found once per request."""
    if "toubib_actor" not in g:
        g.toubib_actor = _find_actor()
    actor: Actor = g.toubib_actor
    return actor


def forget_actor() -> None:
    """Find the actor again, after somebody signed in or out within this request."""
    g.pop("toubib_actor", None)


def forget_session() -> None:
    """Answer the rest of this request as somebody who is not signed in."""
    g.toubib_session_token = ""
    forget_actor()


def _find_actor() -> Actor:
    session_token = g.get("toubib_session_token", request.cookies.get(SESSION_COOKIE, ""))
    guest_token = request.cookies.get(GUEST_COOKIE, "")
    draft_key = visitor_key()
    if not (session_token or guest_token):
        return ANONYMOUS if draft_key is None else Actor(ANONYMOUS.kind, draft_key=draft_key)
    with database().reading():
        actor = sessions.actor_of(session_token, guest_token, draft_key)
    if actor.session_id:
        sessions.touch(actor.session_id)
    return actor


def visitor_key() -> str | None:
    """The visitor's own key from their cookie; `None` before the first form."""
    key: str | None = g.get("toubib_visitor") or request.cookies.get(VISITOR_COOKIE) or None
    return key


def ensure_visitor() -> str:
    """The visitor's key, made now if there is none; the response sets the cookie."""
    key = visitor_key()
    if key is None:
        key = g.toubib_visitor = randomness.token()
    return key


def secure_cookies() -> bool:
    """Whether cookies may only travel encrypted: always in production, whatever a proxy in front forgot to say."""
    return request.is_secure or runtime.current().settings.web.production


def acting() -> AbstractContextManager[Session]:
    """A writing unit of work of this request's actor. Short: no network, no rendering inside."""
    return database().unit_of_work(current_actor())


def looking() -> AbstractContextManager[Session]:
    """A reading unit of work of this request's actor; what it reads of records is audited."""
    return database().reading(current_actor())


def csrf_token() -> str:
    """A token for forms, bound to this browser."""
    return hmac.new(_secret(), ensure_visitor().encode(), hashlib.sha256).hexdigest()


def csrf_valid() -> bool:
    """Whether an unsafe request comes from a page of ours: same origin where the browser says, and the token."""
    given = request.form.get("csrf_token") or request.headers.get("X-CSRF-Token", "")
    key = visitor_key()
    return bool(key) and same_origin() and matches(csrf_token(), given)


def same_origin() -> bool:
    """Whether the Origin header, if sent, is this host."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _secret() -> bytes:
    secret: bytes = current_app.config["TOUBIB_FORM_SECRET"]
    return secret
