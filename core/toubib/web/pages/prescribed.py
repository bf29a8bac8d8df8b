"""A signed prescription in its author's hands: read it, see what was handed out, withdraw it, or replace it by another."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib.audit import trail
from toubib.db import session
from toubib.db.tables.prescriptions import Prescription
from toubib.services import dispensing, people, prescriptions
from toubib.web import acting, looking, needs, not_found, prescribing, render, text
from toubib.web import consultation as parts
from toubib.web.shell import say, when

prescribed = Blueprint("prescribed", __name__)

LONGEST_REASON = 500


@prescribed.get("/practice/prescriptions/<prescription_id>")
@needs("prescription.write", about="prescription_id")
def show(prescription_id: str) -> ResponseReturnValue:
    """Its lines, its state, what pharmacies recorded; and, as long as it holds, the two ways to end it."""
    with looking():
        return _page(prescription_id)


def _page(prescription_id: str, status: int = 200, *, reason: str = "", error: str = "") -> ResponseReturnValue:
    row = session().get_one(Prescription, prescription_id)
    if row.status in ("draft", "discarded"):
        # what nobody signed is no prescription yet
        return not_found()
    trail.read("prescription", [row.id], organisation_id=row.organisation_id, person_id=row.person_id)
    card = prescriptions.card(prescription_id)
    lines = [{"drug": line.drug.text, "sentence": prescribing.sentence(line.drug), "given": prescribing.given(line)} for line in dispensing.lines(row.id)]
    context: dict[str, Any] = {
        "card": card,
        "state": prescribing.standing(card),
        "signed": when(card.issued_at) if card.issued_at else None,
        "name": people.traits(row.person_id).name,
        "lines": lines,
        "reason": reason,
        "error": error,
    }
    return render("toubib/practice/prescribed.html", status, nav=parts.navigation("consultation"), **context)


@prescribed.post("/practice/prescriptions/<prescription_id>/withdraw")
@needs("prescription.write", about="prescription_id")
def withdraw(prescription_id: str) -> ResponseReturnValue:
    """It holds no more from now on, for the reason that was written."""
    reason = _reason()
    with acting():
        if not reason:
            return _without_reason(prescription_id)
        refused = prescriptions.revoke(prescription_id, reason)
        if refused is not None:
            return _page(prescription_id, 409, reason=reason, error=say(refused.message))
    flash(text("Withdrawn. Pharmacies read so at once, and the patient is told by mail."), "done")
    return redirect(url_for("prescribed.show", prescription_id=prescription_id), 303)


@prescribed.post("/practice/prescriptions/<prescription_id>/replace")
@needs("prescription.write", about="prescription_id")
def replace(prescription_id: str) -> ResponseReturnValue:
    """Open the editor with the same lines; the former one holds until the new one is signed."""
    reason = _reason()
    with acting():
        if not reason:
            return _without_reason(prescription_id)
        refused = prescriptions.begin_replacing(prescription_id, reason)
        if refused is not None:
            return _page(prescription_id, 409, reason=reason, error=say(refused.message))
        encounter_id = prescriptions.card(prescription_id).encounter_id
    return redirect(url_for("practice.prescription", encounter_id=encounter_id), 303)


@prescribed.post("/practice/visits/<encounter_id>/prescription/keep-former")
@needs("encounter.care", about="encounter_id")
def keep_former(encounter_id: str) -> ResponseReturnValue:
    """The draft replaces nothing: the former prescription goes on holding."""
    with acting():
        draft = prescriptions.open_draft(encounter_id)
        if draft is not None:
            prescriptions.stop_replacing(draft)
    return redirect(url_for("practice.prescription", encounter_id=encounter_id), 303)


def _reason() -> str:
    return request.form.get("reason", "").strip()[:LONGEST_REASON]


def _without_reason(prescription_id: str) -> ResponseReturnValue:
    return _page(prescription_id, 422, error=text("Write why: it stays with the prescription."))
