"""No-shows: one side of a booked visit did not come. Seen by the clock, recorded by a person of the other side.

The patient's: the practice records it once the visit's start is past; it may ask for the fee that the practitioner's rule names,
never more than the patient accepted to pay, or waive it. The practitioner's: a patient who has waited for a quarter of an hour past
the start, with nobody in the room, may end the wait; nothing is charged, and the practice sees why the visit is off.
"""

from datetime import datetime, timedelta

from sqlmodel import select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Message, Money, Ref, Refused
from toubib.contracts.country import Billed
from toubib.contracts.media import ParticipantRole
from toubib.db import session
from toubib.db.states import move
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import agenda, billing, checkout, dues, guarantees, payments, requests, room, visits

PATIENCE = timedelta(minutes=15)
"""Past the start of a visit: how long a patient waits in vain before they may call it off."""
NOT_COME = "practitioner did not come"


def patient_is_late(status: str, appointment_status: str, starts_at: datetime) -> bool:
    """Whether a booked visit should have begun and its patient is not there."""
    return status == "planned" and appointment_status == "booked" and clock.now() > starts_at


def fee_of(encounter_id: str) -> Money | None:
    """What may be asked for a patient's no-show: the practitioner's rule, within what the patient accepted; `None` for nothing."""
    due = _due(encounter_id)
    fee = _rule(visits.visit(encounter_id).service_id)
    if due is None or fee is None or fee.minor == 0 or fee.currency != due.maximum.currency:
        return None
    return Money(min(fee.minor, due.maximum.minor), fee.currency)


def _rule(service_id: str) -> Money | None:
    try:
        return runtime.current().scheduler.policy(service_id).no_show_fee
    except LookupError:
        return None


def _due(encounter_id: str) -> dues.Due | None:
    mine = [d for d in dues.of_encounter(encounter_id) if d.purpose == checkout.PURPOSE and d.status != "cancelled"]
    return mine[0] if mine else None


def patient_did_not_come(encounter_id: str, *, ask_fee: bool) -> Refused | None:
    """Record that the patient did not come: the visit is off, the fee is asked (and invoiced) or waived, what else was held is released.

    Recording it twice changes nothing. Orders to payment providers are made by a job, or by the caller.
    """
    encounter, appointment = visits.locked(encounter_id)
    if appointment.status == "noshow":
        return None
    if not patient_is_late(encounter.status, appointment.status, appointment.starts_at):
        return Refused("state", Message("toubib", "Only a visit whose time has come, and whose patient is not there, can be marked so."))
    fee = fee_of(encounter_id) if ask_fee else None
    move("appointment", appointment, "noshow")
    move("encounter", encounter, "cancelled")
    agenda.free(appointment.occupancy_id)
    requests.follow(encounter_id, "revoked")
    guarantees.give_back(encounter_id)
    due = _due(encounter_id)
    if due is not None and fee is not None:
        billing.bill(due.id, fee.minor, Billed.MISSED)
    elif due is not None:
        payments.release(due.id, "no_show")
    _wrote("patient_no_show", encounter)
    return None


def practitioner_is_late(encounter_id: str) -> bool:
    """Whether the patient waits, the start is a quarter of an hour past, and nobody of the practice is in the room."""
    found = visits.visit(encounter_id)
    seats = room.present([encounter_id])[encounter_id]
    there = any(seat.here and seat.role is ParticipantRole.PRACTITIONER for seat in seats)
    return found.status == "arrived" and clock.now() >= found.starts_at + PATIENCE and not there


def practitioner_did_not_come(encounter_id: str) -> Refused | None:
    """The patient ends a wait in vain: the visit is off, nothing is charged, and it is recorded whose absence it was."""
    encounter = session().get_one(Encounter, encounter_id)
    if encounter.status == "cancelled":
        return None
    if not practitioner_is_late(encounter_id):
        return Refused("state", Message("toubib", "You can call the visit off a quarter of an hour after its time, if nobody has come by then."))
    if refused := visits.cancel(encounter_id, "practitioner", NOT_COME):
        return refused
    room.close(encounter_id)
    _wrote("practitioner_no_show", encounter)
    return None


def waited_in_vain(encounter_id: str) -> bool:
    """Whether a visit is off because its practitioner did not come."""
    query = select(Appointment.id).where(Appointment.encounter_id == encounter_id, Appointment.cancel_reason == NOT_COME)
    return session().exec(query).first() is not None


def _wrote(action: str, encounter: Encounter) -> None:
    session().flush()
    about = Ref("encounter", encounter.id)
    trail.wrote(action, about, organisation_id=encounter.organisation_id, person_id=encounter.person_id or "")
