"""Care in writing: a request that is answered by letter or in a chat, without an appointment. Its encounter begins, ends and is billed here.

Everything joins the caller's unit of work. Who takes the request, and what it costs, is the core's as well (`requests`, `checkout`).
"""

from sqlmodel import select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Message, Ref, Refused
from toubib.contracts.journey import Command
from toubib.db import session
from toubib.db.states import move as move_state
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import journey, requests, room, settlement, standing

NOT_YOURS = Refused("not_yours", Message("toubib", "Somebody else answers this by now, or it is over."))


def refusal(encounter_id: str, practitioner_role_id: str) -> Refused | None:
    """Why a practitioner may not answer now: somebody else does, their time for it is over, or they may not act here at the moment.

    Locks the request until the unit of work ends, so that of two answers one comes first.
    """
    row, taken = requests.locked(encounter_id), requests.assignment(encounter_id)
    late = taken is not None and taken.until is not None and taken.until <= clock.now()
    if row.status != "accepted" or taken is None or taken.practitioner_role_id != practitioner_role_id or late:
        return NOT_YOURS
    return standing.refusal(practitioner_role_id, standing.ANSWER)


def begin(encounter_id: str) -> Refused | None:
    """Care begins: the answer is being given, or both came to the chat. Doing it again changes nothing."""
    encounter = _locked(encounter_id)
    if encounter.status == "in-progress":
        return None
    if encounter.status != "planned":
        return requests.OVER
    if refused := journey.guard(Command.START, journey.view(encounter_id)):
        return refused
    for status in ("arrived", "in-progress"):
        move_state("encounter", encounter, status)
        session().flush()
    encounter.arrived_at = encounter.admitted_at = clock.now()
    _wrote("begin", encounter)
    runtime.current().publisher.publish("encounter.admitted", Ref("encounter", encounter_id), encounter.organisation_id)
    return None


def finish(encounter_id: str) -> None:
    """Care ended: the request is completed, what was done is frozen and billed. Doing it again changes nothing."""
    encounter = _locked(encounter_id)
    if encounter.status != "in-progress":
        return
    room.close(encounter_id)
    move_state("encounter", encounter, "finished")
    encounter.ended_at = clock.now()
    requests.complete(encounter_id)
    _wrote("end", encounter)
    runtime.current().publisher.publish("encounter.ended", Ref("encounter", encounter_id), encounter.organisation_id)
    settlement.settle(encounter_id)


def _locked(encounter_id: str) -> Encounter:
    requests.locked(encounter_id)
    query = select(Encounter).where(Encounter.id == encounter_id).execution_options(populate_existing=True)
    return session().exec(query).one()


def _wrote(action: str, encounter: Encounter) -> None:
    trail.wrote(action, Ref("encounter", encounter.id), organisation_id=encounter.organisation_id, person_id=encounter.person_id or "")
