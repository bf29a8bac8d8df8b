"""A visit at the desk: who comes and when, whether they are there, what they pay. For whoever runs the agenda; nothing of care."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Refused
from toubib.contracts.scheduling import Modality
from toubib.db import session
from toubib.db.tables.agenda import Appointment
from toubib.services import care, checkout, directory, missed, payments, people, visits
from toubib.services import desk as service
from toubib.services.visits import Visit
from toubib.web import acting, looking, money_words, needs, render, text
from toubib.web import consultation as parts
from toubib.web.shell import say, when

desk = Blueprint("desk", __name__)


@desk.get("/practice/appointments/<appointment_id>")
@needs("appointment.manage", about="appointment_id")
def show(appointment_id: str) -> ResponseReturnValue:
    """One visit as the desk needs it."""
    with looking():
        return _page(_visit(appointment_id))


def _visit(appointment_id: str) -> Visit:
    return visits.visit(session().get_one(Appointment, appointment_id).encounter_id)


def _page(found: Visit, refused: Refused | None = None) -> ResponseReturnValue:
    late = missed.patient_is_late(found.status, found.appointment_status, found.starts_at)
    fee = missed.fee_of(found.encounter_id) if late else None
    owed = service.owed(found.encounter_id)
    context: dict[str, Any] = {
        "visit": found,
        "name": parts.name_of(found),
        "phone": people.traits(found.person_id or "").phone,
        "with_whom": directory.role(found.practitioner_role_id).name,
        "when": when(found.starts_at, found.zone),
        "way": parts.way(found.modality),
        "state": parts.state("noshow" if found.appointment_status == "noshow" else "late" if late else found.status),
        "comes": found.modality == Modality.IN_PERSON and found.appointment_status == "booked" and found.status == "planned",
        "late": late,
        "fee": i18n.money(fee) if fee else "",
        "owed": i18n.money(owed.amount) if owed and owed.amount else "",
        "paid": _paid(found.encounter_id),
        "refused": say(refused.message) if refused else "",
    }
    return render("toubib/practice/desk.html", 409 if refused else 200, nav=parts.navigation("desk"), **context)


def _paid(encounter_id: str) -> list[str]:
    lines = [money_words.sentence(money_words.PRACTICE, a, a.captured_minor or a.amount_minor) for a in checkout.attempts_of(encounter_id)]
    return [line for line in lines if line]


@desk.post("/practice/appointments/<appointment_id>/arrive")
@needs("appointment.manage", about="appointment_id")
def arrive(appointment_id: str) -> ResponseReturnValue:
    """The patient of a visit at the practice is there."""
    return _run(appointment_id, care.arrive)


@desk.post("/practice/appointments/<appointment_id>/missed")
@needs("appointment.manage", about="appointment_id")
def did_not_come(appointment_id: str) -> ResponseReturnValue:
    """The patient did not come: ask the fee that the practitioner's rule names, or waive it."""
    ask = request.form.get("fee") == "ask"
    done = text("Recorded. What is not asked for is released.")
    return _run(appointment_id, lambda encounter_id: missed.patient_did_not_come(encounter_id, ask_fee=ask), done)


def _run(appointment_id: str, command: Callable[[str], Refused | None], done: str = "") -> ResponseReturnValue:
    """Give a command about a visit, then show it as it stands; with the reason when it was refused."""
    with acting():
        found = _visit(appointment_id)
        refused = command(found.encounter_id)
        if refused is not None:
            return _page(found, refused)
    if done:
        flash(done, "done")
    return redirect(url_for("desk.show", appointment_id=appointment_id), 303)


@desk.post("/practice/appointments/<appointment_id>/received")
@needs("appointment.manage", about="appointment_id")
def received(appointment_id: str) -> ResponseReturnValue:
    """The final amount was received at the desk; the receipt follows."""
    with acting():
        found = _visit(appointment_id)
        owed = service.owed(found.encounter_id)
        if owed is not None:
            payments.received_at_desk(owed.id)
            flash(text("Received. The receipt is made, and stands among the patient's documents."), "done")
    return redirect(url_for("desk.show", appointment_id=appointment_id), 303)
