"""Those for whom one acts: the list in one's account, declaring one more, ending it; and choosing for whom a visit is."""

from collections.abc import Mapping
from typing import Any

from babel.dates import format_date
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.audit import trail
from toubib.contracts.common import Message, Refused
from toubib.contracts.journey import Field, FormErrors, FormSpec
from toubib.services import people
from toubib.services import relatives as service
from toubib.steps.identity import trait_fields, typed_traits
from toubib.web import acting, current_actor, looking, needs, render, text
from toubib.web.entry import safe_path
from toubib.web.pages.booking_flow import group_of, posted_values
from toubib.web.shell import problem, say

relatives = Blueprint("relatives", __name__)


def _(key: str) -> Message:
    return Message(i18n.CORE, key)


PHONE = _("A number on which the practice reaches you or them.")
RELATIONS = {service.CHILD: _("A child"), service.ADULT: _("An adult")}
PROOFS = {
    "parental_authority": _("I hold parental authority"),
    "guardianship_order": _("A court decision names me (guardianship)"),
    "written_mandate": _("The person signed a written mandate"),
}


@relatives.get("/account/relatives")
@needs("site.account")
def mine() -> ResponseReturnValue:
    """Everybody for whom the viewer may act now, on what and until when."""
    with looking():
        found = service.of(_me())
        for one in found:
            trail.read("person", [one.person_id], person_id=one.person_id)
        rows = [_row(one) for one in found]
    return render("toubib/account/relatives.html", rows=rows)


def _row(one: service.Relative) -> list[Any]:
    until = i18n.day(one.until, i18n.zone()) if one.until else text("no end")
    born = format_date(one.birth_date, "long", locale=i18n.locale()) if one.birth_date else ""
    fields = {"relation": one.id}
    stop = {"label": text("Stop acting for them"), "post": url_for("relatives.end"), "fields": fields, "kind": "quiet", "spoken": _spoken(one.name)}
    return [one.name, born, say(PROOFS[one.proof]), until, {"text": "", "actions": [stop]}]


def _spoken(name: str) -> str:
    return f"{text('Stop acting for them')}, {name}"


@relatives.get("/account/relatives/new")
@needs("site.account")
def new() -> ResponseReturnValue:
    """Declare somebody for whom one acts."""
    with looking():
        phone = people.traits(_me()).phone
    return _form({"identity.phone": phone}, {})


def _form(values: Mapping[str, str], errors: Mapping[str, str], status: int = 200) -> ResponseReturnValue:
    groups = [group_of(spec, values, errors) for spec in (_who(), _by_what())]
    target = safe_path(request.values.get("next", "")) if request.values.get("next") else ""
    return render("toubib/account/relative.html", status, groups=groups, errors=errors, next=target)


def _who() -> FormSpec:
    return FormSpec(_("Who it is"), trait_fields(people.Traits(), PHONE))


def _by_what() -> FormSpec:
    relations = tuple(RELATIONS.items())
    proofs = tuple(PROOFS.items())
    return FormSpec(
        _("On what you act for them"),
        (
            Field("relation", _("This person is"), kind="choice", choices=relations),
            Field("proof", _("You may act because"), kind="choice", choices=proofs, hint=_("The practice may ask to see the paper.")),
            Field("declared", _("I declare that this is true, and that I tell the practice when it ends."), kind="checkbox"),
        ),
    )


@relatives.post("/account/relatives/new")
@needs("site.account")
def add() -> ResponseReturnValue:
    """Keep the declaration; what is wrong is said at the field."""
    values = posted_values()
    read, errors = typed_traits(values), {}
    if isinstance(read, FormErrors):
        errors = {name: say(message) for name, message in read.by_field.items()}
    if values.get("declared") != "1":
        errors["declared"] = text("Tick the box to declare it.")
    if not errors and not isinstance(read, FormErrors):
        with acting():
            made = service.add(_me(), read, values.get("relation", ""), values.get("proof", ""))
        if isinstance(made, Refused):
            errors = {made.rule if made.rule == "proof" else f"identity.{made.rule}": say(made.message)}
    if errors:
        return _form(values, errors, 422)
    flash(text("You can now book for this person. It ends by itself on the day named here."), "done")
    return redirect(safe_path(values["next"]) if values.get("next") else url_for("relatives.mine"), 303)


@relatives.post("/account/relatives/end")
@needs("site.account")
def end() -> ResponseReturnValue:
    """Stop acting for somebody; what was booked for them stays theirs."""
    with acting():
        service.end(_me(), request.form.get("relation", ""))
    flash(text("You no longer act for this person, and see their visits no more."), "done")
    return redirect(url_for("relatives.mine"), 303)


@relatives.post("/visits/<encounter_id>/for")
@needs("encounter.prepare", about="encounter_id")
def book_for(encounter_id: str) -> ResponseReturnValue:
    """The visit that is being booked is for oneself, or for somebody one acts for."""
    with acting():
        refused = service.book_for(encounter_id, request.form.get("person", ""))
    if refused is not None:
        back = {"label": text("Go to the visit"), "href": url_for("visits.visit", encounter_id=encounter_id)}
        return problem(409, text("The visit was not changed"), say(refused.message), actions=[back])
    return redirect(url_for("booking_flow.details", encounter_id=encounter_id), 303)


def _me() -> str:
    return current_actor().person_id or ""
