"""At the patient's side: a nurse joins somebody else's consultation with the patient's device, and states acts of their own."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib.audit import trail
from toubib.contracts.common import Refused
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.services import accompaniment, directory, people, settlement, visits
from toubib.web import acting, acts, consultation, current_actor, needs, render, text
from toubib.web.shell import not_found, problem, say, when

side = Blueprint("side", __name__)


@side.post("/practice/visits/<encounter_id>/accompany")
@needs("encounter.accompany", about="encounter_id")
def begin(encounter_id: str) -> ResponseReturnValue:
    """Take one's place at the patient's side."""
    if not accompaniment.offered():
        return not_found()
    with acting():
        own = accompaniment.begin(encounter_id, current_actor().practitioner_roles)
    if isinstance(own, Refused):
        return problem(409, text("You cannot join this visit"), say(own.message))
    return redirect(url_for("side.page", encounter_id=own), 303)


@side.get("/practice/side/<encounter_id>")
@needs("encounter.care", about="encounter_id")
def page(encounter_id: str) -> ResponseReturnValue:
    """Whom one accompanies, the room on this device, and one's own acts."""
    with acting():
        return _page(encounter_id)


def _page(encounter_id: str, status: int = 200, refused: str = "", typed: acts.Typed | None = None) -> ResponseReturnValue:
    own = session().get_one(Encounter, encounter_id)
    if own.part_of_id is None:
        return redirect(url_for("practice.consultation", encounter_id=encounter_id))
    main, running = visits.visit(own.part_of_id), own.status == "in-progress"
    trail.read("encounter", [encounter_id, main.encounter_id], organisation_id=own.organisation_id, person_id=own.person_id or "")
    return render(
        "toubib/practice/side.html",
        status,
        nav=consultation.navigation("side"),
        encounter_id=encounter_id,
        main=main,
        running=running,
        patient=people.traits(own.person_id or "").name,
        doctor=directory.role(main.practitioner_role_id).name,
        when=when(main.starts_at, main.zone),
        state=consultation.state(main.status),
        acts=acts.form(encounter_id, typed, refused) if running and not accompaniment.called_off(own) else None,
        receipt=consultation.bill(encounter_id),
        refused=refused,
    )


@side.post("/practice/side/<encounter_id>/end")
@needs("encounter.care", about="encounter_id")
def end(encounter_id: str) -> ResponseReturnValue:
    """One's own acts and the end of one's own part; the consultation goes on without."""
    typed = acts.Typed(tuple(request.form.getlist("acts")), request.form.get("fee", "").strip())
    here = redirect(url_for("side.page", encounter_id=encounter_id), 303)
    with acting():
        own = accompaniment.locked(encounter_id)
        if own.part_of_id is None or own.status != "in-progress":
            return here
        billed = not accompaniment.called_off(own)
        refused = (acts.state(encounter_id, typed) if billed else None) or accompaniment.end(encounter_id)
        if refused is not None:
            return _page(encounter_id, 409, say(refused.message), typed)
        if billed:
            settlement.settle(encounter_id)
    if billed:
        flash(text("Your part is over. Your claim is made apart from the consultation's."), "done")
    return here
