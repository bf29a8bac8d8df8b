"""Signing in and out, the second factor, one's devices, who read one's record."""

from datetime import datetime, timedelta
from typing import Any

import segno
from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from pyotp import TOTP
from sqlmodel import col, select
from werkzeug.wrappers import Response

from toubib import i18n, runtime
from toubib.contracts.common import ContractError
from toubib.db import session, vault
from toubib.db.tables.access import Account
from toubib.db.tables.machinery import AuditEvent
from toubib.seams import clock
from toubib.services import login, people, relatives, sessions
from toubib.web import access_log, acting, current_actor, devices, looking, needs, public, render, text
from toubib.web import request as req
from toubib.web.entry import enter, left, safe_path, to_connect, via, ways_in
from toubib.web.shell import say, when
from toubib.web.typed import instant

account = Blueprint("account", __name__)

MOST_EVENTS = 500
"""Rows of the trail on one page."""


@account.get("/sign-in")
@public("where somebody signs in")
def sign_in() -> ResponseReturnValue:
    """Ask for the mail address, or lead to an identity provider."""
    return _sign_in_page(safe_path(request.args.get("next", "/")))


def _sign_in_page(target: str, status: int = 200, email: str = "", error: str = "") -> ResponseReturnValue:
    errors = {"email": error} if error else {}
    return render("toubib/account/sign_in.html", status, email=email, errors=errors, next=target, ways=ways_in(target))


@account.post("/sign-in")
@public("asks for a code; tells nothing about the address")
def ask() -> ResponseReturnValue:
    """Send a code, then show where to type it."""
    email, target = request.form.get("email", ""), safe_path(request.form.get("next", "/"))
    try:
        with acting():
            login.ask_code(email, req.ensure_visitor(), target, i18n.locale())
    except ContractError as error:
        return _sign_in_page(target, 422, email, say(error.message))
    return redirect(url_for("account.code", next=target))


@account.get("/sign-in/code")
@public("where the code is typed")
def code() -> ResponseReturnValue:
    """The page that waits for the code; the address can be corrected here."""
    with looking():
        address = login.pending_address(req.ensure_visitor())
    return render("toubib/account/code.html", address=address, error="", next=safe_path(request.args.get("next", "/")))


@account.post("/sign-in/code")
@public("takes the code")
def open_code() -> ResponseReturnValue:
    """Open with the typed code."""
    target = safe_path(request.form.get("next", "/"))
    opened, error = try_typed_code(request.form.get("code", ""))
    if opened is None or opened.account is None:
        with looking():
            address = login.pending_address(req.ensure_visitor())
        return render("toubib/account/code.html", 422, address=address, error=error, next=target)
    return signed_in(opened.account, opened.return_to if target == "/" else target)


def try_typed_code(typed: str) -> tuple[login.Opened | None, str]:
    """Try a code typed on this browser's page; the sentence says what to do when it does not open."""
    try:
        with acting():
            opened = login.try_code(req.ensure_visitor(), typed)
    except ContractError as error:
        return None, say(error.message)
    if opened.outcome is login.CodeOutcome.WRONG:
        return None, text("This is not the code. %(tries)s tries are left.", tries=str(opened.tries_left))
    if opened.outcome is login.CodeOutcome.SPENT:
        return None, text("This code is over. Ask for a new one; it takes a moment.")
    return opened, ""


def signed_in(found: Account, target: str) -> Response:
    """Give the browser its session and go on."""
    with acting():
        token = sessions.begin(session().get_one(Account, found.id), request.user_agent.string)
    return enter(token, target)


@account.get("/sign-in/link/<token>")
@public("shows the button of a mailed link; opens nothing on GET")
def link(token: str) -> ResponseReturnValue:
    """A mail scanner that opens the link spends nothing: a person presses the button."""
    return render("toubib/account/link.html", token=token, error="")


@account.post("/sign-in/link/<token>")
@public("spends a mailed link")
def open_link(token: str) -> ResponseReturnValue:
    """Open with the link."""
    with acting():
        opened = login.try_link(token)
    if opened.account is None:
        error = text("This link was used already, or is too old. Sign in again; it takes a moment.")
        return render("toubib/account/link.html", 410, token=token, error=error)
    return signed_in(opened.account, opened.return_to)


@account.post("/sign-out")
@needs("site.account")
def sign_out() -> ResponseReturnValue:
    """End this browser's session; the provider that opened it keeps one of its own, and the next page says so."""
    actor = current_actor()
    with acting():
        sessions.revoke(actor, actor.session_id)
    req.forget_session()
    response = left(actor.session_id or "")
    response.delete_cookie(req.SESSION_COOKIE)
    return response


@account.post("/language")
@public("chooses a language")
def language() -> ResponseReturnValue:
    """Remember a language on this browser."""
    chosen = request.form.get("language", "")
    response = redirect(safe_path(request.form.get("next") or "/"))
    if chosen in runtime.current().settings.site.languages:
        response.set_cookie("tb_language", chosen, max_age=86400 * 365, httponly=True, samesite="Lax", secure=req.secure_cookies())
    return response


@account.get("/sign-in/second-factor")
@needs("site.account")
def second_factor() -> ResponseReturnValue:
    """Ask for the second factor, or set it up the first time."""
    return _factor_page("", safe_path(request.args.get("next", "/")))


def _factor_page(error: str, target: str, status: int = 200) -> ResponseReturnValue:
    with acting():
        row = session().get_one(Account, current_actor().id)
        enrolled = row.totp_last_step > 0 or bool(row.totp_secret and row.second_factor_required)
        secret = "" if enrolled else (vault().read(row, "totp_secret") or login.enrol_second_factor(row))
        name = vault().read(row, "email")
    uri = TOTP(secret).provisioning_uri(name=name, issuer_name=runtime.current().settings.site.name) if secret else ""
    qr = segno.make(uri).svg_data_uri(scale=5, border=2) if uri else ""
    return render("toubib/account/second_factor.html", status, secret=secret, qr=qr, error=error, next=target)


@account.post("/sign-in/second-factor")
@needs("site.account")
def show_second_factor() -> ResponseReturnValue:
    """Check the code; a recovery code serves as well. The first right one completes the set-up."""
    actor, target = current_actor(), safe_path(request.form.get("next", "/"))
    typed = request.form.get("code", "")
    try:
        with acting():
            row = session().get_one(Account, actor.id)
            first = row.totp_last_step == 0 and not row.second_factor_required
            good = login.use_recovery_code(row, typed) if "-" in typed else login.check_second_factor(row, typed)
            codes: list[str] = []
            if good:
                sessions.strengthen(actor.session_id or "")
                if first:
                    row.second_factor_required = True
                    codes = login.new_recovery_codes(row)
    except ContractError as error:
        return _factor_page(say(error.message), target, 422)
    if not good:
        return _factor_page(text("This is not the code that your app shows now. Wait for the next one and type it."), target, 422)
    if codes:
        return render("toubib/account/recovery_codes.html", codes=codes, next=target)
    return redirect(target)


@account.get("/account")
@needs("site.account")
def overview() -> ResponseReturnValue:
    """One's own account: devices, second factor, who read the record."""
    actor = current_actor()
    with looking():
        signed_in = sessions.devices(actor)
        email = people.email_of(actor.person_id or "")
        services = to_connect(actor.person_id or "")
    rows = [
        [devices.name(d.device), when(d.last_seen_at)["text"], _device_cell(d)] for d in signed_in
    ]
    return render("toubib/account/overview.html", email=email, devices=rows, staff=bool(actor.roles), services=services)


def _device_cell(device: sessions.Device) -> Any:
    by = via(device.provider)
    if device.current:
        return f"{text('This browser')}. {by}" if by else text("This browser")
    action = {"label": text("Sign out there"), "post": url_for("account.revoke"), "fields": {"session": device.id}, "kind": "secondary"}
    return {"text": by, "actions": [action]}


@account.post("/account/revoke")
@needs("site.account")
def revoke() -> ResponseReturnValue:
    """Sign another device out, or all others."""
    with acting():
        sessions.revoke(current_actor(), request.form.get("session") or None)
    return redirect(url_for("account.overview"))


@account.post("/account/recovery-codes")
@needs("site.staff")
def fresh_recovery_codes() -> ResponseReturnValue:
    """New recovery codes; the old ones stop working."""
    with acting():
        codes = login.new_recovery_codes(session().get_one(Account, current_actor().id))
    return render("toubib/account/recovery_codes.html", codes=codes, next=url_for("account.overview"))


@account.get("/account/access")
@needs("site.account")
def access() -> ResponseReturnValue:
    """Who read or changed the record of the viewer, or of somebody they act for: newest first, by day and reader, page by page."""
    before = _before()
    with looking():
        whose, tabs = _whose(request.args.get("person", ""))
        query = select(AuditEvent).where(AuditEvent.person_id == whose, col(AuditEvent.at) < before)
        events = session().exec(query.order_by(col(AuditEvent.at).desc()).limit(MOST_EVENTS)).all()
        days = access_log.by_day(events, current_actor().person_id or "")
    older = url_for("account.access", person=whose, before=events[-1].at.isoformat()) if len(events) == MOST_EVENTS else ""
    return render("toubib/account/access.html", days=days, older=older, tabs=tabs)


def _whose(asked: str) -> tuple[str, list[dict[str, Any]]]:
    """Whose record is shown, and the ways to those that may be: one's own, and those of whom one acts for now."""
    own = current_actor().person_id or ""
    names = {own: text("Mine"), **{r.person_id: r.name for r in relatives.of(own)}}
    whose = asked if asked in names else own
    tabs = [{"href": url_for("account.access", person=key), "label": name, "current": key == whose} for key, name in names.items()]
    return whose, tabs if len(names) > 1 else []


def _before() -> datetime:
    """Where a list that shows the newest first begins: as the address says, else now."""
    return instant(request.args.get("before", "")) or clock.now() + timedelta(minutes=1)
