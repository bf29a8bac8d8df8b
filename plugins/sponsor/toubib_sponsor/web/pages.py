"""The desk of a sponsor: its months, one statement as page, CSV and PDF, its codes. Each sponsor's desk sees its own plans only."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import ContractError
from toubib.db import session
from toubib.db.tables.directory import Organisation
from toubib.web import acting, current_actor, looking, needs, not_found, render
from toubib_sponsor import house, members, statements
from toubib_sponsor.settings import Plan
from toubib_sponsor.statements import Statement
from toubib_sponsor.texts import say, words
from toubib_sponsor.web import sheets
from toubib_sponsor.web.shared import ROLE, blueprint

MOST = 1_000_000
TOO_LONG = say("This list is longer than a million signs. Split it, and load each part without ending the codes that it does not name.")


@blueprint.get("/desk")
@needs("sponsor.enter")
def enter() -> ResponseReturnValue:
    """To one's own desk."""
    return redirect(url_for("sponsor.desk", organisation_id=current_actor().organisations(ROLE)[0]))


@blueprint.get("/desk/<organisation_id>")
@needs("sponsor.desk", about="organisation_id")
def desk(organisation_id: str) -> ResponseReturnValue:
    """Months and codes of every plan of this sponsor."""
    with looking():
        return _desk(organisation_id, {})


def _desk(organisation_id: str, shown: Mapping[str, Any], status: int = 200) -> ResponseReturnValue:
    plans = [_plan(plan, organisation_id) for plan in house.plans_of(organisation_id)]
    name = session().get_one(Organisation, organisation_id).name
    done = [{"kind": "done", "text": words(say("The list of codes was taken over."))}] if request.args.get("done") else []
    return render("sponsor/desk.html", status, name=name, plans=plans, organisation_id=organisation_id, notices=done, **{"tried": None, **shown})


def _plan(plan: Plan, organisation_id: str) -> dict[str, Any]:
    months = statements.months(plan)
    labels = (say("Month"), say("Consultations"), say("Amount"), say("Still open"))
    rows = [[_link(s, organisation_id), str(len(s.lines)), i18n.money(s.total), i18n.money(s.open)] for s in months]
    return {
        "key": plan.key,
        "name": plan.name,
        "list": plan.entitlement == "list",
        "codes": members.count(plan),
        "months": {
            "caption": words(say("Statements")),
            "columns": [{"label": words(label), "numeric": position > 0} for position, label in enumerate(labels)],
            "rows": rows,
            "empty": words(say("Nothing was settled for your members yet.")),
        },
    }


def _link(statement: Statement, organisation_id: str) -> dict[str, str]:
    where = url_for("sponsor.statement", organisation_id=organisation_id, plan=statement.plan.key, month=statement.month)
    return {"text": statement.month, "href": where}


def _own(organisation_id: str, key: str) -> Plan | None:
    return next((plan for plan in house.plans_of(organisation_id) if plan.key == key), None)


@blueprint.get("/desk/<organisation_id>/<plan>/<month>")
@needs("sponsor.desk", about="organisation_id")
def statement(organisation_id: str, plan: str, month: str) -> ResponseReturnValue:
    """One month; `.csv` and `.pdf` give it as a file."""
    name, _, kind = month.partition(".")
    with looking():
        own = _own(organisation_id, plan)
        if own is None or kind not in ("", *sheets.FILES):
            return not_found()
        found = statements.one(own, name)
        sheet = sheets.of(found)
    if kind:
        return sheets.file(found, sheet, kind)
    files = {ending: url_for("sponsor.statement", organisation_id=organisation_id, plan=plan, month=f"{name}.{ending}") for ending in sheets.FILES}
    return render("sponsor/statement.html", **sheet, files=files, back=url_for("sponsor.desk", organisation_id=organisation_id))


@blueprint.post("/desk/<organisation_id>/<plan>/codes")
@needs("sponsor.desk", about="organisation_id")
def codes(organisation_id: str, plan: str) -> ResponseReturnValue:
    """Try a list of codes, and take it over once it was seen what it changes."""
    given = request.files.get("file")
    text = request.form.get("csv", "") or (given.read(MOST + 1).decode("utf-8", "replace") if given else "")
    whole, really = bool(request.form.get("whole")), bool(request.form.get("really"))
    with acting():
        own = _own(organisation_id, plan)
        if own is None or own.entitlement != "list":
            return not_found()
        if len(text) > MOST:
            return _desk(organisation_id, {"error": words(TOO_LONG), "wrong_plan": plan}, 422)
        try:
            outcome = members.load(own, text, whole=whole, dry=not really)
        except ContractError as error:
            return _desk(organisation_id, {"error": words(error.message), "wrong_plan": plan}, 422)
        if really and not outcome.wrong:
            return redirect(url_for("sponsor.desk", organisation_id=organisation_id, done="1"), 303)
        tried = {"plan": plan, "csv": text, "whole": whole, "outcome": outcome, "wrong": [(w.line, words(w.why)) for w in outcome.wrong]}
        return _desk(organisation_id, {"tried": tried}, 422 if outcome.wrong else 200)
