"""The operator's page: which modes are restricted, and the legal basis on which each is offered."""

from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import ContractError
from toubib.db import session, vault
from toubib.db.tables.access import Account
from toubib.web import acting, looking, needs, not_found, render
from toubib_advice import basis
from toubib_advice.models import Basis
from toubib_advice.settings import Mode, current
from toubib_advice.texts import say, words
from toubib_advice.web.shared import blueprint, when

MODES: dict[Mode, Any] = {"written": say("Answers in writing"), "chat": say("Chat by the minute")}


@blueprint.get("/basis")
@needs("advice.operate")
def operate() -> ResponseReturnValue:
    """Every restricted mode with its switch, and everything ever recorded."""
    with looking():
        return _page("", {})


@blueprint.post("/basis/<mode>")
@needs("advice.operate")
def record(mode: str) -> ResponseReturnValue:
    """Record the legal basis of a mode, or withdraw it."""
    chosen = next((known for known in MODES if known == mode), None)
    if chosen is None:
        return not_found()
    try:
        with acting():
            if request.form.get("withdraw") == "1":
                basis.withdraw(chosen)
            else:
                basis.record(chosen, request.form.get("text", ""))
    except ContractError as error:
        with looking():
            return _page(request.form.get("text", ""), {f"text_{mode}": words(error.message)}, 422)
    return redirect(url_for("advice.operate"), 303)


def _page(typed: str, errors: dict[str, str], status: int = 200) -> ResponseReturnValue:
    modes = [
        {"key": mode, "label": words(label), "restricted": mode in current().restricted, "live": _shown(basis.live(mode)), "field": f"text_{mode}"}
        for mode, label in MODES.items()
    ]
    return render("advice/basis.html", status, modes=modes, typed=typed, errors=errors, history=[_shown(row) for row in basis.history()])


def _shown(row: Basis | None) -> dict[str, str] | None:
    if row is None:
        return None
    label = next((words(label) for mode, label in MODES.items() if mode == row.mode), row.mode)
    ended = when(row.withdrawn_at, i18n.zone())["text"] if row.withdrawn_at else ""
    return {"mode": label, "text": row.text, "who": _who(row.recorded_by), "at": when(row.recorded_at, i18n.zone())["text"], "ended": ended}


def _who(account_id: str) -> str:
    """The mail address of whoever recorded it."""
    account = session().get(Account, account_id)
    return vault().read(account, "email") if account else words(say("the installation"))
