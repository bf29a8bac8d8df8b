"""Visits that begin now: a practitioner takes a request and sees its patient at once, instead of at a booked time.

The request keeps its price and its place in the record; it gets an appointment of this minute beside it, so that worklist, waiting room,
call, prescription and settling know no difference. The practitioner's time is taken in the agenda like any other: booked visits and
those that begin now never share it, unless somebody says why.
"""

from datetime import timedelta

from sqlmodel import col, select

from toubib.audit import trail
from toubib.contracts.common import Message, Period, Ref, Refused
from toubib.contracts.journey import Command
from toubib.db import session
from toubib.db.states import move as move_state
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.directory import PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import ServiceRequest
from toubib.seams import clock
from toubib.services import agenda, directory, journey, requests, room_links
from toubib.services.locking import lock_agreement

BUSY = Refused("busy", Message("toubib", "Your agenda has a visit in these minutes. See that patient first, or say why this one comes before."))
BEGUN = Refused("state", Message("toubib", "This visit has begun or is over."))
OVERRIDE_LANE = 1
OVER = ("finished", "settled")


def begin(encounter_id: str, practitioner_role_id: str, minutes: int, *, override_reason: str = "") -> Refused | None:
    """Give a request that this role has taken an appointment from now on, for so many minutes of the practitioner's time.

    Refused as `busy` when something booked or held lies in these minutes; with a reason, which is kept, it stands beside.
    What remains of the time of visits that are over is free first. Joins the unit of work that took the request; on refusal roll that back.
    """
    row, encounter = requests.locked(encounter_id), session().get_one(Encounter, encounter_id)
    if row.status != "accepted" or encounter.practitioner_role_id != practitioner_role_id:
        return requests.TAKEN
    if refused := journey.guard(Command.HOLD, journey.view(encounter_id)):
        return refused
    subject = session().get_one(PractitionerRole, practitioner_role_id).practitioner_id
    period = Period(clock.now(), clock.now() + timedelta(minutes=minutes))
    agenda.queue_up(subject)
    _free_the_rest(subject)
    lane = OVERRIDE_LANE if override_reason else 0
    taken = agenda.occupy(subject, row.organisation_id, period, until=None, lane=lane, override_reason=override_reason)
    if isinstance(taken, Refused):
        return BUSY
    appointment = _appointment(row, encounter, taken, period)
    trail.wrote("begin_now", Ref("appointment", appointment.id), organisation_id=row.organisation_id, person_id=encounter.person_id or "")
    return None


def _free_the_rest(subject: str) -> None:
    """Somebody whose visits ended early has the rest of their time again."""
    now = clock.now()
    query = (
        select(Occupancy)
        .join(Appointment, col(Appointment.occupancy_id) == Occupancy.id)
        .join(Encounter, col(Encounter.id) == Appointment.encounter_id)
        .where(Occupancy.subject == subject, Occupancy.state == "taken", Occupancy.ends_at > now, col(Encounter.status).in_(OVER))
    )
    for row in session().exec(query).all():
        if row.starts_at < now:
            row.ends_at = now
        else:
            agenda.free(row.id)
    session().flush()


def _appointment(row: ServiceRequest, encounter: Encounter, occupancy_id: str, period: Period) -> Appointment:
    role_id = encounter.practitioner_role_id or ""
    appointment = Appointment(
        organisation_id=row.organisation_id,
        encounter_id=row.encounter_id,
        practitioner_role_id=role_id,
        occupancy_id=occupancy_id,
        scheduler=row.plugin,
        service_id=row.service_key,
        service_name=row.service_name,
        starts_at=period.start,
        ends_at=period.end,
        zone=directory.organisation(row.organisation_id).zone,
        wall_intent="",
        modality=encounter.modality,
        price_minor=row.price_minor,
        currency=row.currency,
    )
    session().add(appointment)
    session().flush()
    move_state("appointment", appointment, "booked")
    session().flush()
    return appointment


def link(encounter_id: str) -> str:
    """A fresh join link's path for the patient of a visit that begins now."""
    encounter = session().get_one(Encounter, encounter_id)
    appointment = session().exec(select(Appointment).where(Appointment.encounter_id == encounter_id)).one()
    return f"/join/{room_links.make(encounter, appointment)}"


def undo(encounter_id: str) -> Refused | None:
    """Take the appointment away again before care began: the time is free, mailed links end, the patient waits as before.

    The request itself is the caller's to give back or to revoke, in the same unit of work. Doing it again changes nothing.
    """
    lock_agreement(encounter_id)
    query = select(Appointment).where(Appointment.encounter_id == encounter_id).execution_options(populate_existing=True)
    appointment = session().exec(query).first()
    if appointment is None:
        return None
    encounter = session().get_one(Encounter, encounter_id, populate_existing=True)
    if encounter.status not in ("planned", "arrived"):
        return BEGUN
    if encounter.status == "arrived":
        move_state("encounter", encounter, "planned")
        encounter.arrived_at = None
    agenda.free(appointment.occupancy_id)
    room_links.revoke(encounter_id)
    session().delete(appointment)
    session().flush()
    trail.wrote("undo_now", Ref("encounter", encounter_id), organisation_id=encounter.organisation_id, person_id=encounter.person_id or "")
    return None
