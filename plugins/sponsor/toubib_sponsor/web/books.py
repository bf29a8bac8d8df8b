"""For administrators: what sponsors still owe, and the record of their transfers. References and amounts only, nobody's visit."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Money
from toubib.web import acting, acts, looking, needs, not_found, render
from toubib_sponsor import house, receipts, statements
from toubib_sponsor.receipts import Arrived
from toubib_sponsor.settings import Plan
from toubib_sponsor.texts import say, words
from toubib_sponsor.web import sheets
from toubib_sponsor.web.shared import blueprint

NO_AMOUNT = say("Write the amount with digits, such as 250.00.")
NO_DAY = say("Write the day on which it arrived.")
RECORDED, WITHDRAWN = say("The payment is recorded."), say("The payment is withdrawn. The amount is open again.")


@blueprint.get("/books")
@needs("sponsor.book")
def books() -> ResponseReturnValue:
    """Every plan with its months: what they cost, what arrived, what is open."""
    with looking():
        return render("sponsor/books.html", plans=[_plan(plan) for plan in house.settings().plans])


def _plan(plan: Plan) -> dict[str, Any]:
    labels = (say("Month"), say("Amount"), say("Received"), say("Still open"))
    rows = [
        [
            {"text": s.month, "href": url_for("sponsor.month", plan=plan.key, month=s.month)},
            *(i18n.money(amount) for amount in (s.total, s.received, s.open)),
        ]
        for s in statements.months(plan)
    ]
    columns = [{"label": words(label), "numeric": position > 0} for position, label in enumerate(labels)]
    empty = words(say("Nothing was settled for members of this sponsor yet."))
    return {"name": plan.name, "months": {"caption": words(say("Statements")), "columns": columns, "rows": rows, "empty": empty}}


@blueprint.get("/books/<plan>/<month>")
@needs("sponsor.book")
def month(plan: str, month: str) -> ResponseReturnValue:
    """One month, what arrived for it, and the form for the next transfer."""
    with looking():
        own = house.settings().plan(plan)
        return _month(own, month, {}) if own else not_found()


def _month(plan: Plan, month: str, errors: Mapping[str, str], status: int = 200) -> ResponseReturnValue:
    found = statements.one(plan, month)
    if not found.lines:
        return not_found()
    done = {"recorded": RECORDED, "withdrawn": WITHDRAWN}.get(request.args.get("done", ""))
    return render(
        "sponsor/month.html",
        status,
        **sheets.of(found),
        plan=plan.key,
        month=month,
        currency=plan.currency,
        payable=found.open.minor > 0,
        withdrawals=[_withdrawal(plan, month, paid) for paid in found.arrived],
        typed=request.form,
        errors=errors,
        notices=[{"kind": "done", "text": words(done)}] if done else [],
    )


def _withdrawal(plan: Plan, month: str, paid: Arrived) -> dict[str, str]:
    where = url_for("sponsor.withdraw", plan=plan.key, month=month, receipt=paid.id)
    return {"label": words(say("Withdraw %(reference)s", reference=paid.reference)), "post": where, "kind": "quiet"}


@blueprint.post("/books/<plan>/<month>")
@needs("sponsor.book")
def record(plan: str, month: str) -> ResponseReturnValue:
    """A transfer arrived: enter it in the books, or say at its field what cannot be taken."""
    own = house.settings().plan(plan)
    if own is None:
        return not_found()
    try:
        with acting():
            receipts.record(own, month, _amount(own), _day(), request.form.get("reference", ""))
    except receipts.Wrong as wrong:
        with looking():
            return _month(own, month, {wrong.field: words(wrong.message)}, 422)
    return _back(plan, month, "recorded")


def _amount(plan: Plan) -> Money:
    minor = acts.minor(request.form.get("amount", ""), plan.currency)
    if minor is None:
        raise receipts.Wrong("amount", NO_AMOUNT)
    return Money(minor, plan.currency)


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("received_on", ""))
    except ValueError:
        raise receipts.Wrong("received_on", NO_DAY) from None


@blueprint.post("/books/<plan>/<month>/<receipt>/withdraw")
@needs("sponsor.book")
def withdraw(plan: str, month: str, receipt: str) -> ResponseReturnValue:
    """A transfer was recorded by mistake, or went back."""
    own = house.settings().plan(plan)
    with acting():
        if own is None or not receipts.withdraw(own, month, receipt):
            return not_found()
    return _back(plan, month, "withdrawn")


def _back(plan: str, month: str, done: str) -> ResponseReturnValue:
    return redirect(url_for("sponsor.month", plan=plan, month=month, done=done), 303)
