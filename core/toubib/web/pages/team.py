"""Who runs one's agenda: a practitioner lets a secretary or a replacement do it, and takes it back."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import ContractError
from toubib.services import delegations, directory
from toubib.web import acting, current_actor, looking, needs, render, text
from toubib.web import consultation as parts
from toubib.web.shell import say

team = Blueprint("team", __name__)


@team.get("/practice/team")
@needs("site.staff")
def mine() -> ResponseReturnValue:
    """The viewer's own agendas with who runs each, and the agendas of others that the viewer runs."""
    with looking():
        return _page()


def _page(status: int = 200, *, role_id: str = "", email: str = "", error: str = "") -> ResponseReturnValue:
    actor = current_actor()
    cards = directory.roles(delegations.agendas_of(actor))
    own = [_agenda(cards[key], error if key == role_id else "", email if key == role_id else "") for key in actor.practitioner_roles if key in cards]
    others = [f"{card.name}, {card.organisation}" for key, card in cards.items() if key not in actor.practitioner_roles]
    return render("toubib/practice/team.html", status, own=own, others=sorted(others), nav=parts.navigation("team"))


def _agenda(card: directory.RoleCard, error: str, email: str) -> dict[str, Any]:
    rows = [_row(card.id, helper) for helper in delegations.of_role(card.id)]
    return {"role_id": card.id, "name": f"{card.name}, {card.organisation}", "rows": rows, "error": error, "email": email}


def _row(role_id: str, helper: delegations.Helper) -> list[Any]:
    # whoever signs in at another house may have no mail address here
    name = helper.name or helper.email
    stop = {
        "label": text("Take the agenda back"),
        "spoken": f"{text('Take the agenda back')}, {name}",
        "post": url_for("team.take", role_id=role_id),
        "fields": {"delegation": helper.delegation_id},
        "kind": "quiet",
    }
    if helper.by_provider:
        stop["reason"] = text("the sign-in service of your organisation decides it")
    return [name, helper.email, i18n.day(helper.since, i18n.zone()), {"text": "", "actions": [stop]}]


@team.post("/practice/team/<role_id>")
@needs("agenda.share", about="role_id")
def give(role_id: str) -> ResponseReturnValue:
    """Let somebody run the agenda."""
    email = request.form.get("email", "").strip()[:200]
    try:
        with acting():
            refused = delegations.give(role_id, email)
            error = say(refused.message) if refused else ""
    except ContractError as wrong:
        error = say(wrong.message)
    if error:
        with looking():
            return _page(422, role_id=role_id, email=email, error=error)
    flash(text("They run this agenda from now on, and are told by mail."), "done")
    return redirect(url_for("team.mine"), 303)


@team.post("/practice/team/<role_id>/take")
@needs("agenda.share", about="role_id")
def take(role_id: str) -> ResponseReturnValue:
    """Take the agenda back."""
    with acting():
        delegations.take(role_id, request.form.get("delegation", ""))
    flash(text("The agenda is yours alone again, from this moment."), "done")
    return redirect(url_for("team.mine"), 303)
