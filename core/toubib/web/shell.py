"""The shell of every page: rendering with the reader's language, problems in words, safe headers."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, g, has_request_context, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, SecurityError

from toubib import i18n, runtime
from toubib.contracts.common import ContractError, Message, Money
from toubib.contracts.identity import Actor, ActorKind
from toubib.contracts.payment import ProviderUnavailable
from toubib.db import database, work
from toubib.policy.rules import Denied
from toubib.seams import randomness
from toubib.services import countries, directory, journey, people
from toubib.services.breaker import ServiceRests
from toubib.services.limits import TooMany
from toubib.web import request as req
from toubib.web.needs import need_of

log = structlog.get_logger("toubib.web")


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


def text(key: str, domain: str = i18n.CORE, **params: Any) -> str:
    """A sentence of the core in the reader's language."""
    return runtime.current().catalogues.render(Message(domain, key, params))


def ngettext(one: str, many: str, number: int, **params: str) -> str:
    """A countable sentence of the core in the reader's language; its number is `%(num)s`."""
    return runtime.current().catalogues.ngettext(i18n.CORE, one, many, number) % {"num": number, **params}


def say(message: Message) -> str:
    """A message in the reader's language."""
    return runtime.current().catalogues.render(message)


def render(template: str, status: int = 200, **context: Any) -> Response:
    """A page of the deployment."""
    return make_response(render_template(template, **context), status)


def problem(
    status: int, title: str, what: str, *, kept: str = "", todo: str = "", actions: Sequence[Mapping[str, Any]] = (), reference: str = ""
) -> Response:
    """A page that says what happened, what is kept, what to do and whom to call."""
    home = {"label": text("Back to the first page"), "href": "/", "kind": "secondary"}
    error = {"title": title, "what": what, "kept": kept, "todo": todo, "actions": [*actions, home], "reference": reference, "status": status}
    return render("toubib/error.html", status, error=error)


def not_found() -> Response:
    """The one answer for what does not exist and for what is not yours."""
    return problem(
        404,
        text("This page does not exist, or is not yours"),
        text("The address may be mistyped, or you may need to sign in with another address."),
        actions=[{"label": text("Sign in"), "href": url_for("account.sign_in")}],
    )


def link_taken_back(status: str) -> Response:
    """What somebody reads whose link was revoked; `status` is that of its visit."""
    sign_in = {"label": text("Sign in"), "href": url_for("account.sign_in")}
    if status == "cancelled":
        return problem(
            410,
            text("This visit is cancelled"),
            text("Its link opens nothing any more."),
            todo=text("Choose another time, or sign in with your mail address to see what became of it."),
            actions=[{"label": text("Choose another time"), "href": "/"}, {**sign_in, "kind": "secondary"}],
        )
    return problem(
        410,
        text("This link was replaced by a newer one"),
        text("Somebody asked for a new link for this visit, so that the former ones open nothing any more."),
        kept=text("Your appointment itself has not changed."),
        todo=text("Open the link of the newest mail, or sign in with your mail address."),
        actions=[sign_in],
    )


def install(app: Flask) -> None:
    """Add language, context, headers and error pages to the application."""
    app.before_request(_choose_language)
    app.after_request(_finish)
    app.register_error_handler(Denied, lambda _error: not_found())
    app.register_error_handler(ContractError, _contract_error)
    app.register_error_handler(ProviderUnavailable, _provider_silent)
    app.register_error_handler(SecurityError, _foreign_host)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)
    app.context_processor(_context)
    _environment(app)


def _environment(app: Flask) -> None:
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    catalogues = runtime.current().catalogues
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda key: catalogues.gettext(_domain(), key),
        lambda one, many, n: catalogues.ngettext(_domain(), one, many, n),
        newstyle=True,
    )
    environment.globals.update(csrf_token=req.csrf_token, whoami=whoami)
    environment.filters.update(
        money=i18n.money,
        say=say,
        localised=i18n.localised,
        moment=lambda at, zone=None: i18n.moment(at, zone or i18n.zone()),
        day=lambda at, zone=None: i18n.day(at, zone or i18n.zone()),
        clock=lambda at, zone=None: i18n.clock_time(at, zone or i18n.zone()),
        when=when,
    )


def when(at: datetime, zone: str | None = None) -> dict[str, str]:
    """An instant as templates take it: machine form and words."""
    return {"iso": at.isoformat(), "text": i18n.moment(at, zone or i18n.zone())}


def money(minor: int, currency: str) -> str:
    """An amount in the reader's format."""
    return i18n.money(Money(minor, currency))


def _domain() -> str:
    """The catalogue of the page: the blueprint's plugin, else the core's."""
    blueprint = (request.blueprint or "").split(".")[0] if has_request_context() else ""
    return blueprint if blueprint in runtime.current().registry.plugins else i18n.CORE


def _choose_language() -> None:
    site = runtime.current().settings.site
    chosen = request.cookies.get("tb_language", "")
    if chosen not in site.languages:
        chosen = request.accept_languages.best_match(site.languages, site.default_language) or site.default_language
    i18n.set_locale(chosen, site.zone)


def _context() -> dict[str, Any]:
    settings = runtime.current().settings
    languages = [{"code": code, "label": _LANGUAGE_NAMES.get(code, code)} for code in settings.site.languages]
    return {
        "site": {
            "name": settings.site.name,
            "tagline": i18n.localised(settings.site.tagline) if settings.site.tagline else settings.site.name,
            "languages": languages,
            "telephone": settings.site.telephone,
            "stylesheets": ["/theme/tokens.css"] if (settings.folder / "tokens.css").exists() else [],
            "account_url": url_for("account.sign_in"),
            "language_url": url_for("account.language"),
            "here": _here(),
        },
        "viewer": _viewer(),
        "nav": _nav(),
        "locale": i18n.locale(),
        "dir": i18n.direction(i18n.locale()),
        "emergency": _emergency(),
        "demo": settings.demo,
        "priced": journey.money_is_spoken_of(),
    }


def _here() -> str:
    """The path to come back to after a choice of language: this page, or the page whose form was sent."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    sender = urlsplit(request.referrer or "")
    return f"{sender.path}?{sender.query}".rstrip("?") if sender.netloc == request.host else "/"


_LANGUAGE_NAMES = {"fr": "Français", "en": "English", "de": "Deutsch", "sv": "Svenska", "ar": "العربية"}


def _nav() -> list[dict[str, Any]]:
    return doors(*_AUDIENCES)


def doors(*audiences: str) -> list[dict[str, Any]]:
    """The front doors of the deployment for these audiences that open to this viewer, in its order."""
    toubib, actor = runtime.current(), req.current_actor()
    shown = [toubib.registry.entries[name] for name in toubib.settings.site.entries]
    return [
        {"label": say(entry.title), "href": url_for(entry.endpoint), "current": request.endpoint == entry.endpoint}
        for entry in shown
        if entry.audience in audiences and _AUDIENCES[entry.audience](actor) and _opens(entry.endpoint, actor)
    ]


def _opens(endpoint: str, actor: Actor) -> bool:
    """Whether a door leads in, at most by way of signing in or of the second factor."""
    need = need_of(current_app.view_functions[endpoint])
    if need is None or need.public or actor.kind is not ActorKind.USER:
        return True
    return _may_open(replace(actor, strong=True), need.permission)


def _may_open(actor: Actor, permission: str) -> bool:
    with _reading(actor):
        return runtime.current().policy.opens(actor, permission)


def _reading(actor: Actor) -> AbstractContextManager[object]:
    """A page is rendered inside the unit of work that read it, or after it."""
    return nullcontext() if work.is_open() else database().reading(actor)


_AUDIENCES: Mapping[str, Callable[[Actor], bool]] = {
    "everybody": lambda _actor: True,
    "patient": lambda actor: actor.kind is ActorKind.USER and not actor.roles,
    "practitioner": lambda actor: bool(actor.practitioner_roles),
    "staff": lambda actor: bool(actor.roles),
}


def _viewer() -> dict[str, str] | None:
    actor = req.current_actor()
    if actor.kind is not ActorKind.USER:
        return None
    home = url_for("practice.worklist") if actor.practitioner_roles else url_for("visits.mine")
    if not actor.practitioner_roles and actor.organisations("administrator") and _may_open(replace(actor, strong=True), "site.administer"):
        home = url_for("admin.overview")
    return {"display_name": text("My space"), "home_url": home, "logout_url": url_for("account.sign_out")}


def whoami() -> dict[str, str] | None:
    """Who sits at this screen, by name and role, for a deployment that shows it; asked of the database only there."""
    actor = req.current_actor()
    if actor.kind is not ActorKind.USER or not actor.person_id:
        return None
    with _reading(actor):
        cards = list(directory.roles(actor.practitioner_roles).values())
        name = cards[0].name if cards else people.traits(actor.person_id).name
    if cards:
        return {"name": name, "role": cards[0].title, "where": cards[0].organisation}
    words = [text(_ROLE_WORDS[role.name]) for role in actor.roles if role.name in _ROLE_WORDS]
    return {"name": name, "role": words[0] if words else "", "where": ""}


_ROLE_WORDS = {"secretary": _("Secretary"), "administrator": _("Administrator"), "reviewer": _("Reviewer")}


def _emergency() -> str:
    numbers = countries.emergency_anywhere()
    return numbers[0].number if numbers else ""


def _contract_error(error: Exception) -> ResponseReturnValue:
    message = error.message if isinstance(error, ContractError) else Message(i18n.CORE, "This cannot be done.")
    if isinstance(error, TooMany):
        return problem(429, text("That was very often in a short time"), say(message), kept=text("Nothing was changed."))
    return problem(422, text("This cannot be done as it is"), say(message), kept=text("Nothing was changed."))


def _provider_silent(error: Exception) -> ResponseReturnValue:
    if isinstance(error, ServiceRests):
        page = problem(
            503,
            text("The payment service does not answer at the moment"),
            text("We leave it alone for a short while, then ask it again by ourselves. Nothing is lost, and nothing is counted twice."),
            todo=text("Reload this page in a few minutes, or choose another way to pay."),
        )
        page.headers["Retry-After"] = str(int(error.wait.total_seconds()) + 1)
        return page
    return problem(
        503,
        text("The payment service does not answer"),
        text("We do not know yet what it did, so nothing is counted twice: we go on asking it by ourselves."),
        todo=text("Reload this page in a minute."),
    )


def _foreign_host(_error: Exception) -> ResponseReturnValue:
    """No page of ours can be made for a host that is not ours: its links would lead there."""
    return Response("This address is not served here.\n", 400, content_type="text/plain; charset=utf-8")


def _http_error(error: Exception) -> ResponseReturnValue:
    code = (error.code if isinstance(error, HTTPException) else None) or 500
    if code < 400 and isinstance(error, HTTPException):
        return error.get_response()
    if code == 404:
        return not_found()
    title, what = _HTTP.get(code, (_HTTP[400]))
    return problem(code, text(title), text(what))


_HTTP = {
    400: (_("This request cannot be understood"), _("Nothing was changed. Go back, check what was filled in, and send it again.")),
    405: (_("This page is not used this way"), _("Nothing was changed. Go back and use the buttons of the page.")),
    413: (_("This file is too large"), _("Nothing was stored. Send a file of at most 10 MB.")),
    429: (_("Too many tries"), _("Nothing is lost. Wait a few minutes and try again.")),
}


def _crash(error: Exception) -> ResponseReturnValue:
    reference = randomness.new_id()[:8]
    log.error("request failed", reference=reference, endpoint=request.endpoint, method=request.method, exc_info=error)
    try:
        return problem(
            500,
            text("Something failed on our side"),
            text("Your last action may not have been done; nothing is half done."),
            todo=text("Reload the page to see where things stand, or call the practice."),
            reference=reference,
        )
    except Exception as second:
        log.exception("the page of the failure failed too", reference=reference, exc_info=second)
        title, todo = text("Something failed on our side"), text("Reload the page to see where things stand, or call the practice.")
        return Response(f"{title}. {todo} ({reference})\n", 500, content_type="text/plain; charset=utf-8")


def _finish(response: Response) -> Response:
    if key := g.get("toubib_visitor"):
        secure = req.secure_cookies()
        response.set_cookie(req.VISITOR_COOKIE, key, max_age=86400 * 30, httponly=True, samesite="Lax", secure=secure)
    response.headers.setdefault("Content-Security-Policy", _policy())
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), geolocation=()")
    if not request.path.startswith("/static/") and not request.path.startswith("/theme/"):
        response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response


def _policy() -> str:
    forms = " ".join(["'self'", *g.get("toubib_form_hosts", ())])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; "
        f"connect-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    )


def allow_form_host(origin: str) -> None:
    """Allow forms of this page to end, by redirect, at a payment provider's origin."""
    g.setdefault("toubib_form_hosts", []).append(origin)
