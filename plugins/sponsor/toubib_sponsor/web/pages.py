"""The desk of a sponsor: its months, one statement as page, CSV and PDF, its codes. Each sponsor's desk sees its own plans only."""

from collections.abc import Mapping
from typing import Any

from babel.dates import format_date
from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import ContractError
from toubib.db import session
from toubib.db.tables.directory import Organisation
from toubib.web import acting, current_actor, looking, needs, not_found, render
from toubib_sponsor import house, members, statements
from toubib_sponsor.settings import Plan
from toubib_sponsor.statements import Statement
from toubib_sponsor.texts import DOMAIN, say, words

ROLE = "sponsor_desk"
MOST = 1_000_000
TOO_LONG = say("This list is longer than a million signs. Split it, and load each part without ending the codes that it does not name.")
blueprint = Blueprint(DOMAIN, __name__)


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
    labels = (say("Month"), say("Consultations"), say("Amount"))
    rows = [[_link(s, organisation_id), str(len(s.lines)), i18n.money(s.total)] for s in months]
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
        if own is None or kind not in ("", "csv", "pdf"):
            return not_found()
        found = statements.one(own, name)
        if kind == "csv":
            return _file(statements.as_csv(found).encode(), "text/csv; charset=utf-8", f"{plan}-{name}.csv")
        page: dict[str, Any] = {"title": words(say("%(name)s, %(month)s", name=own.name, month=name)), "table": _table(found), "total": i18n.money(found.total)}
    if kind == "pdf":
        from toubib.services import pdf

        return _file(pdf.render(render_template("sponsor/statement_pdf.html", **page), CSS), "application/pdf", f"{plan}-{name}.pdf")
    files = {ending: url_for("sponsor.statement", organisation_id=organisation_id, plan=plan, month=f"{name}.{ending}") for ending in ("csv", "pdf")}
    return render("sponsor/statement.html", **page, files=files, back=url_for("sponsor.desk", organisation_id=organisation_id))


CSS = "@page { size: A4; margin: 2cm } body { font-family: sans-serif; font-size: 10pt } table { width: 100%; border-collapse: collapse }"
CSS += " th, td { text-align: left; padding: 4pt; border-bottom: 0.5pt solid #999 } .n { text-align: right }"


def _file(content: bytes, kind: str, filename: str) -> Response:
    return Response(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{filename}"'})


def _table(found: Statement) -> dict[str, Any]:
    labels = (say("Reference"), say("Day"), say("Kind"), say("Amount"))
    rows = [[line.reference, format_date(line.on, "medium", locale=i18n.locale()), words(line.kind), i18n.money(line.amount)] for line in found.lines]
    return {
        "caption": words(say("Settled consultations")),
        "columns": [{"label": words(label), "numeric": label == labels[-1]} for label in labels],
        "rows": rows,
        "empty": words(say("Nothing was settled in this month.")),
    }


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
