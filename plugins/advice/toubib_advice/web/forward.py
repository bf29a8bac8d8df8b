"""The page behind the link that a treating doctor got: the patient's date of birth, then the letters. It opens nothing on GET."""

from datetime import date

from flask import request
from flask.typing import ResponseReturnValue

from toubib.contracts.common import Refused
from toubib.contracts.media import ParticipantRole
from toubib.db import across_organisations, session
from toubib.db.tables.journey import Encounter
from toubib.services import directory, letters, people, requests
from toubib.services.limits import TooMany
from toubib.web import acting, looking, problem, public, render
from toubib_advice import forwarding
from toubib_advice.models import Forward
from toubib_advice.texts import say, words
from toubib_advice.web.shared import blueprint, letters_of


@blueprint.get("/to/<token>")
@public("asks a treating doctor for the patient's date of birth; opens nothing")
def forwarded(token: str) -> ResponseReturnValue:
    """Ask for the date of birth."""
    with looking():
        found = forwarding.find(token)
    return render("advice/forwarded.html", token=token, letters=None, errors={}, patient="") if found else _over()


@blueprint.post("/to/<token>")
@public("shows a treating doctor the letters, with the patient's date of birth; few tries an hour")
def open_forwarded(token: str) -> ResponseReturnValue:
    """Show the letters to whoever knows the date of birth."""
    with looking():
        found = forwarding.find(token)
    if found is None:
        return _over()
    try:
        with acting():
            no = forwarding.read(found, _born())
    except TooMany as error:
        no = Refused("many", error.message)
    if no is not None:
        return render("advice/forwarded.html", 422, token=token, letters=None, errors={"born": words(no.message)}, patient="")
    with looking(), across_organisations("the token names the letter"):
        return _letters(token, found)


def _letters(token: str, found: Forward) -> ResponseReturnValue:
    encounter, asked = session().get_one(Encounter, found.encounter_id), requests.of(found.encounter_id)
    card = directory.role(encounter.practitioner_role_id or "")
    names = {ParticipantRole.PATIENT: words(say("The patient")), ParticipantRole.PRACTITIONER: card.signature}
    shown = letters_of(letters.of_encounter(found.encounter_id), ParticipantRole.GUEST, names, asked.zone if asked else card.zone)
    return render("advice/forwarded.html", token=token, letters=shown, errors={}, patient=people.traits(encounter.person_id or "").name)


def _born() -> date:
    parts = [request.form.get(f"born_{part}", "").strip() for part in ("year", "month", "day")]
    try:
        year, month, day = (int(part) for part in parts)
        return date(year, month, day)
    except ValueError:
        return date.min


def _over() -> ResponseReturnValue:
    return problem(
        410,
        words(say("This link does not open a letter any more")),
        words(say("Its time is over, or the link is incomplete.")),
        todo=words(say("Ask the patient to send it again.")),
    )
