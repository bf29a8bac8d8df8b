"""One's own data: all of it in one archive, and having erased what the law lets go."""

from datetime import timedelta
from typing import Any

from babel.dates import format_date
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import ContractError
from toubib.db import across_organisations
from toubib.seams import clock
from toubib.services import sessions
from toubib.services.privacy import erasure, exports
from toubib.web import acting, current_actor, looking, needs, not_found, render, text
from toubib.web.request import SESSION_COOKIE, forget_actor
from toubib.web.shell import say

own_data = Blueprint("own_data", __name__)

FRESH = timedelta(minutes=15)
"""Whoever has something erased has signed in just now: a browser that was left open is not enough."""


@own_data.get("/account/data")
@needs("site.account")
def mine() -> ResponseReturnValue:
    """The archives that were asked for, and the way to erasure."""
    with looking():
        rows = [_row(export) for export in exports.of_person(_me())]
    return render("toubib/account/data.html", rows=rows)


def _row(export: exports.Export) -> list[Any]:
    if export.state != exports.READY or export.expires_at is None:
        return [_moment(export), {"text": text("being made"), "state": "attention"}, "", ""]
    ends = i18n.moment(export.expires_at, i18n.zone())
    name = text("Download my archive")
    action = {"label": name, "href": url_for("own_data.download", export_id=export.id), "kind": "secondary", "icon": "download"}
    return [_moment(export), {"text": text("ready"), "state": "done"}, text("until %(when)s", when=ends), {"text": "", "actions": [action]}]


def _moment(export: exports.Export) -> str:
    return i18n.moment(export.asked_at, i18n.zone())


@own_data.post("/account/data/export")
@needs("site.account")
def ask() -> ResponseReturnValue:
    """Order an archive; asking while one is being made orders no second one."""
    with acting():
        exports.ask(_me())
    flash(text("Your archive is being made. Reload this page in a minute."), "done")
    return redirect(url_for("own_data.mine"), 303)


@own_data.get("/account/data/exports/<export_id>")
@needs("site.account")
def download(export_id: str) -> ResponseReturnValue:
    """Send the browser to a ready archive of the viewer's own."""
    with acting():
        address = exports.address(export_id, _me())
    return redirect(address, 303) if address else not_found()


@own_data.get("/account/data/erase")
@needs("site.account")
def ask_erasure() -> ResponseReturnValue:
    """Say what goes, what stays and why, then ask."""
    return _page()


def _page(status: int = 200, error: str = "") -> ResponseReturnValue:
    with looking(), across_organisations("what is held on oneself"):
        fresh = _signed_in_now()
        try:
            left, refused = erasure.plan(_me()), ""
        except ContractError as open_still:
            left, refused = None, say(open_still.message)
        kept = [_kept(one) for one in left.kept] if left else []
    return render("toubib/account/erase.html", status, kept=kept, refused=refused, fresh=fresh, error=error)


def _kept(one: Any) -> list[str]:
    until = format_date(one.until, "long", locale=i18n.locale()) if one.until else text("no end")
    return [say(one.title), one.organisation, until, say(one.why)]


def _signed_in_now() -> bool:
    actor = current_actor()
    mine = [device for device in sessions.devices(actor) if device.current]
    return bool(mine) and mine[0].created_at > clock.now() - FRESH


@own_data.post("/account/data/erase")
@needs("site.account")
def erase() -> ResponseReturnValue:
    """Erase what may go, and sign out everywhere. Only for who signed in just now and ticked the box."""
    with looking():
        fresh = _signed_in_now()
    if not fresh or request.form.get("sure") != "1":
        return _page(422, "" if not fresh else text("Tick the box: it cannot be undone."))
    try:
        with acting(), across_organisations("what is held on oneself"):
            kept = [_kept(one) for one in erasure.erase(_me()).kept]
    except ContractError:
        return _page(409)
    forget_actor()
    response = render("toubib/account/erased.html", kept=kept)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _me() -> str:
    return current_actor().person_id or ""
