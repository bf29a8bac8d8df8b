"""Visits: holding a time, booking it, moving it, cancelling it. The money that hangs on it follows by orders.

All of these join the open unit of work and check the journey's guards; none of them talks to a provider.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from toubib import i18n, runtime
from toubib.audit import trail
from toubib.contracts.common import ContractError, Message, Period, Ref, Refused
from toubib.contracts.jobs import Payload
from toubib.contracts.journey import Command
from toubib.contracts.scheduling import Service
from toubib.db import actor, database, session
from toubib.db.states import MACHINES
from toubib.db.states import move as move_state
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import agenda, directory, dues, invitations, journey, payments, people, requests, room_links, standing
from toubib.services.holding import kept_until
from toubib.services.locking import lock_agreement
from toubib.services.secrets import fingerprint

NOT_OFFERED = Refused("not_offered", Message("toubib", "This visit reason is no longer offered. Choose another."))


class NoVisit(Exception):
    """An encounter has no appointment: it is a request that nobody has begun, or that was given back."""

    def __init__(self, encounter_id: str) -> None:
        super().__init__(encounter_id)
        self.encounter_id = encounter_id


@dataclass(frozen=True, slots=True)
class Visit:
    """An encounter with its appointment, as pages need it."""

    encounter_id: str
    appointment_id: str
    organisation_id: str
    practitioner_role_id: str
    practitioner_id: str
    person_id: str | None
    status: str
    appointment_status: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    modality: str
    service_id: str
    service_name: str
    price_minor: int
    currency: str
    held_until: datetime | None
    journey: str
    locale: str


def hold(service_id: str, start: datetime, draft_key: str, journey_name: str = "booked") -> str | Refused:
    """Hold a start for a visitor's browser; returns the new encounter's id or why not. On refusal nothing has changed."""
    scheduler = runtime.current().scheduler
    service = scheduler.service(service_id)
    if service is None:
        raise ContractError(NOT_OFFERED.message)
    if not directory.receives(service.practitioner_role_id):
        return NOT_OFFERED
    with session().begin_nested() as attempt:
        held = scheduler.hold(service_id, start, kept_until())
        if isinstance(held, Refused):
            return held
        encounter = _new_encounter(service, draft_key, journey_name)
        session().add(_appointment(encounter, service, held.occupancy_id, held.offer.period, held.offer.zone))
        session().flush()
        if refused := journey.guard(Command.HOLD, journey.view(encounter.id)):
            attempt.rollback()
            return refused
    trail.wrote("hold", Ref("encounter", encounter.id), organisation_id=service.organisation_id)
    return encounter.id


def _new_encounter(service: Service, draft_key: str, journey_name: str) -> Encounter:
    encounter = Encounter(
        organisation_id=service.organisation_id,
        journey=journey_name,
        practitioner_role_id=service.practitioner_role_id,
        modality=service.modality,
        draft_hash=fingerprint(draft_key),
        locale=i18n.locale(),
    )
    session().add(encounter)
    session().flush()
    return encounter


def _appointment(encounter: Encounter, service: Service, occupancy_id: str, period: Period, zone: str) -> Appointment:
    return Appointment(
        organisation_id=service.organisation_id,
        encounter_id=encounter.id,
        practitioner_role_id=service.practitioner_role_id,
        occupancy_id=occupancy_id,
        scheduler=runtime.current().settings.use.scheduler,
        service_id=service.id,
        service_name=i18n.localised(service.name, encounter.locale),
        starts_at=period.start,
        ends_at=period.end,
        zone=zone,
        wall_intent=_wall(period.start, zone),
        modality=service.modality,
        price_minor=service.price.minor,
        currency=service.price.currency,
    )


def _wall(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def visit(encounter_id: str) -> Visit:
    """A visit with its appointment; raises `NoVisit` for an encounter that has none."""
    encounter, appointment = _rows(encounter_id)
    occupancy = session().get_one(Occupancy, appointment.occupancy_id)
    held = occupancy.expires_at if occupancy.state == "held" and occupancy.expires_at and occupancy.expires_at > clock.now() else None
    return Visit(
        encounter.id,
        appointment.id,
        encounter.organisation_id,
        appointment.practitioner_role_id,
        occupancy.subject,
        encounter.person_id,
        encounter.status,
        appointment.status,
        appointment.starts_at,
        appointment.ends_at,
        appointment.zone,
        appointment.modality,
        appointment.service_id,
        appointment.service_name,
        appointment.price_minor,
        appointment.currency,
        held,
        encounter.journey,
        encounter.locale,
    )


def _rows(encounter_id: str) -> tuple[Encounter, Appointment]:
    encounter = session().get_one(Encounter, encounter_id)
    appointment = session().exec(select(Appointment).where(Appointment.encounter_id == encounter_id)).first()
    if appointment is None:
        raise NoVisit(encounter_id)
    return encounter, appointment


def locked(encounter_id: str) -> tuple[Encounter, Appointment]:
    """A visit's rows for a command: read anew, and nobody else's command touches them until the unit of work ends.

    Call it before anything else that locks (`toubib.services.locking` says the order).
    """
    lock_agreement(encounter_id)
    query = select(Appointment).where(Appointment.encounter_id == encounter_id).with_for_update(key_share=True)
    appointment = session().exec(query.execution_options(populate_existing=True)).first()
    if appointment is None:
        raise NoVisit(encounter_id)
    return session().get_one(Encounter, encounter_id, populate_existing=True), appointment


def adopt(encounter_id: str, person_id: str) -> None:
    """The visitor who holds this visit turned out to be this person."""
    encounter = session().get_one(Encounter, encounter_id)
    if encounter.person_id not in (None, person_id):
        raise ContractError(Message("toubib", "This visit belongs to another person."))
    encounter.person_id = encounter.booked_by = person_id
    session().flush()
    trail.wrote("adopt", Ref("encounter", encounter_id), organisation_id=encounter.organisation_id, person_id=person_id)


def prolong(encounter_id: str) -> bool:
    """Keep the held time for as long again, within what is kept at most; false when it lapsed already."""
    encounter, appointment = locked(encounter_id)
    return agenda.prolong(appointment.occupancy_id, kept_until(encounter.created_at))


def confirm(encounter_id: str) -> Refused | None:
    """Make a held visit certain once its steps are done. A hold that lapsed takes the time again if it is still free."""
    encounter, appointment = locked(encounter_id)
    if appointment.status in ("booked", "arrived", "fulfilled"):
        return None
    if refused := journey.guard(Command.CONFIRM, journey.view(encounter_id)):
        return _let_go(encounter, appointment) if refused is standing.BARRED else refused
    if encounter.person_id is None:
        raise ContractError(Message("toubib", "Sign in first, so that the visit has a patient."))
    if not agenda.take(appointment.occupancy_id) and (refused := _take_again(appointment)):
        return refused
    move_state("appointment", appointment, "booked")
    people.open_chart(encounter.organisation_id, encounter.person_id)
    _happened("appointment.booked", encounter, appointment)
    invitations.send("appointment_booked", encounter, appointment)
    return None


def _let_go(encounter: Encounter, appointment: Appointment) -> Refused:
    """Who may not act keeps nobody waiting: the held time ends at once, so that money which arrives goes back."""
    if appointment.status == "pending":
        agenda.free(appointment.occupancy_id, "expired")
        move_state("appointment", appointment, "lapsed")
        _happened("appointment.hold_expired", encounter, appointment)
    return NOT_OFFERED


def _take_again(appointment: Appointment) -> Refused | None:
    """Take the time of a lapsed hold anew, by the rules that hold now: the practitioner may be away by then."""
    if appointment.status not in ("pending", "lapsed"):
        return agenda.TAKEN
    again = runtime.current().scheduler.hold(appointment.service_id, appointment.starts_at, kept_until())
    if isinstance(again, Refused):
        return again
    agenda.take(again.occupancy_id)
    appointment.occupancy_id, appointment.ends_at = again.occupancy_id, again.offer.period.end
    return None


def move(encounter_id: str, service_id: str, start: datetime) -> Refused | None:
    """Give a booked visit another start, atomically; on refusal nothing has changed."""
    encounter, appointment = locked(encounter_id)
    if appointment.status != "booked":
        return Refused("state", Message("toubib", "Only a booked appointment can be moved."))
    if refused := _too_late(appointment):
        return refused
    if not directory.receives(appointment.practitioner_role_id):
        return NOT_OFFERED
    moved = runtime.current().scheduler.move(appointment.occupancy_id, service_id, start)
    if isinstance(moved, Refused):
        return moved
    agenda.take(moved.occupancy_id)
    appointment.occupancy_id = moved.occupancy_id
    appointment.starts_at, appointment.ends_at = moved.offer.period.start, moved.offer.period.end
    appointment.wall_intent = _wall(appointment.starts_at, appointment.zone)
    appointment.sequence += 1
    _happened("appointment.moved", encounter, appointment)
    invitations.send("appointment_moved", encounter, appointment)
    return None


def _too_late(appointment: Appointment) -> Refused | None:
    last = appointment.starts_at - timedelta(minutes=_cut_off_minutes(appointment))
    if clock.now() <= last or runtime.current().policy.allows(actor(), "appointment.manage", appointment.id):
        return None
    return Refused(
        "too_late",
        Message("toubib", "It can be moved or cancelled online until %(until)s. Call the practice now.", {"until": last}),
    )


def _cut_off_minutes(appointment: Appointment) -> int:
    """How long before the start one may still move or cancel; a visit of a scheduler that is gone keeps no rule of it."""
    try:
        return runtime.current().scheduler.policy(appointment.service_id).cancel_until_minutes
    except LookupError:
        return 0


def _not_cancellable(encounter: Encounter, appointment: Appointment, by: str) -> Refused | None:
    begun = encounter.status not in ("planned", "arrived")
    over = not MACHINES["appointment"].allows(appointment.status, "cancelled") or not MACHINES["encounter"].allows(encounter.status, "cancelled")
    if over or (by == "patient" and begun):
        return Refused("state", Message("toubib", "This visit has begun or is over. It cannot be cancelled any more."))
    return _too_late(appointment) if by == "patient" and appointment.status != "pending" else None


def cancel(encounter_id: str, by: str, reason: str = "") -> Refused | None:
    """Cancel a visit; its time is free at once, and what was held of money is ordered back. A job makes the orders, or the caller."""
    encounter, appointment = locked(encounter_id)
    if appointment.status == "cancelled":
        return None
    if refused := _not_cancellable(encounter, appointment, by) or journey.guard(Command.CANCEL, journey.view(encounter_id)):
        return refused
    move_state("appointment", appointment, "cancelled")
    move_state("encounter", encounter, "cancelled")
    appointment.cancelled_at, appointment.cancelled_by, appointment.cancel_reason = clock.now(), by, reason
    appointment.sequence += 1
    agenda.free(appointment.occupancy_id)
    requests.follow(encounter_id, "revoked")
    room_links.revoke(encounter_id)
    for due in dues.of_encounter(encounter_id):
        if due.status != "cancelled":
            payments.release(due.id)
    _happened("appointment.cancelled", encounter, appointment)
    if encounter.person_id:
        invitations.send("appointment_cancelled", encounter, appointment)
    return None


def _happened(event: str, encounter: Encounter, appointment: Appointment) -> None:
    session().flush()
    trail.wrote(
        event, Ref("appointment", appointment.id), organisation_id=encounter.organisation_id, person_id=encounter.person_id or ""
    )
    runtime.current().publisher.publish(event, Ref("encounter", encounter.id), encounter.organisation_id)


def expire_holds(_payload: Payload) -> None:
    """Job: free the times of holds that nobody confirmed, and let the money side close its open pages."""
    with database().unit_of_work() as writing:
        query = (
            select(Appointment)
            .join(Occupancy, col(Occupancy.id) == Appointment.occupancy_id)
            .where(Appointment.status == "pending", col(Occupancy.expires_at) <= clock.now())
            .with_for_update(key_share=True, skip_locked=True)
        )
        for appointment in writing.exec(query).all():
            agenda.free(appointment.occupancy_id, "expired")
            move_state("appointment", appointment, "lapsed")
            encounter = writing.get_one(Encounter, appointment.encounter_id)
            _happened("appointment.hold_expired", encounter, appointment)
