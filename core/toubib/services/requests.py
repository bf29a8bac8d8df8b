"""Requests: care asked for without an agreed time, and who takes it. The core's side of queues and of written advice.

A plugin drafts a request; once the patient accepted the price and paid, the booking screens make it `active`; one practitioner
takes it; it is completed with the encounter, or revoked. Everything joins the caller's unit of work.

Who may take a request is one condition, `takeable`, used as a permission (`encounter.consider`), as a list and by `take` itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError
from sqlmodel import and_, col, false, or_, select

from toubib import i18n, runtime
from toubib.audit import trail
from toubib.contracts.common import ContractError, Message, Money, Ref, Refused
from toubib.contracts.jobs import Payload
from toubib.contracts.journey import Command
from toubib.db import database, session
from toubib.db.states import MACHINES
from toubib.db.states import move as move_state
from toubib.db.tables.directory import Organisation, Practitioner, PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import Assignment, ServiceRequest
from toubib.seams import clock
from toubib.services import directory, dues, journey, payments, people, standing
from toubib.services.holding import kept_until
from toubib.services.piecemeal import one_by_one
from toubib.services.secrets import fingerprint

TAKEN = Refused("taken", Message("toubib", "Somebody else has just taken this. Choose the next one."))
OVER = Refused("state", Message("toubib", "This request is over."))
PROMISE = "request.promise"
LICENCE = "practise:"
"""Scope of a standing that allows to practise in one country, as in `practise:SE`."""


@dataclass(frozen=True, slots=True)
class Need:
    """What the patient needs: whoever does not fit is never offered it. An empty part excludes nobody."""

    profession: str = ""
    specialty: str = ""
    territory: str = ""
    language: str = ""
    age_group: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: `plugin` and `key` say by whom and what, `name` is what bills and lists call it.

    `within`: how long after the patient's part is done the answer is promised; `due_at` is set by it.
    """

    plugin: str
    key: str
    name: str
    price: Money
    need: Need
    act_codes: tuple[str, ...] = ()
    priority: int = 0
    within: timedelta | None = None


def draft(organisation_id: str, journey_name: str, wanted: Wanted, draft_key: str, *, modality: str) -> str:
    """Begin a request for a visitor's browser; returns the new encounter's id. It costs nothing and nobody sees it yet."""
    organisation = session().get_one(Organisation, organisation_id)
    encounter = Encounter(
        organisation_id=organisation_id,
        journey=journey_name,
        modality=modality,
        draft_hash=fingerprint(draft_key),
        locale=i18n.locale(),
    )
    session().add(encounter)
    session().flush()
    session().add(
        ServiceRequest(
            organisation_id=organisation_id,
            encounter_id=encounter.id,
            plugin=wanted.plugin,
            service_key=wanted.key,
            service_name=wanted.name,
            profession=wanted.need.profession,
            specialty=wanted.need.specialty,
            territory=wanted.need.territory,
            language=wanted.need.language,
            age_group=wanted.need.age_group,
            priority=wanted.priority,
            price_minor=wanted.price.minor,
            currency=wanted.price.currency,
            act_codes=list(wanted.act_codes),
            zone=organisation.zone,
            lapses_at=kept_until(),
        )
    )
    session().flush()
    if wanted.within is not None:
        journey.mark(encounter.id, PROMISE, "seconds", str(int(wanted.within.total_seconds())))
    trail.wrote("request.drafted", Ref("encounter", encounter.id), organisation_id=organisation_id)
    return encounter.id


def of(encounter_id: str) -> ServiceRequest | None:
    """The request of an encounter; `None` when it has an appointment instead."""
    return session().exec(select(ServiceRequest).where(ServiceRequest.encounter_id == encounter_id)).first()


def locked(encounter_id: str) -> ServiceRequest:
    """A request for a command: read anew, and nobody else's command touches it until the unit of work ends."""
    query = select(ServiceRequest).where(ServiceRequest.encounter_id == encounter_id).with_for_update(key_share=True)
    return session().exec(query.execution_options(populate_existing=True)).one()


def prolong(encounter_id: str) -> bool:
    """Keep an unfinished request longer, within what is kept at most; false when it is not a draft any more."""
    row = locked(encounter_id)
    if row.status != "draft":
        return False
    row.lapses_at = kept_until(session().get_one(Encounter, encounter_id).created_at)
    return True


def activate(encounter_id: str) -> Refused | None:
    """The patient's part is done: from now on practitioners may take it. Doing it again changes nothing."""
    row, encounter = locked(encounter_id), session().get_one(Encounter, encounter_id)
    if row.status in ("active", "accepted", "completed"):
        return None
    if row.status == "revoked":
        return OVER
    if refused := journey.guard(Command.CONFIRM, journey.view(encounter_id)):
        return refused
    if encounter.person_id is None:
        raise ContractError(Message("toubib", "Sign in first, so that the visit has a patient."))
    move_state("service_request", row, "active")
    row.active_at, row.lapses_at = clock.now(), None
    if promised := journey.marks([encounter_id], PROMISE)[encounter_id].get("seconds"):
        row.due_at = row.active_at + timedelta(seconds=int(promised))
    people.open_chart(row.organisation_id, encounter.person_id)
    _happened("request.activated", row, encounter)
    return None


def takeable(practitioner_role_ids: Sequence[str]) -> ColumnElement[bool]:
    """The condition on `service_request` under which one of these roles may take it now: active, not refused by them, and fitting."""
    fits = [_fits(*row) for row in _roles(practitioner_role_ids)]
    declined = select(Assignment.encounter_id).where(
        col(Assignment.practitioner_role_id).in_(practitioner_role_ids), col(Assignment.state).in_(("declined", "expired"))
    )
    unclaimed = and_(col(ServiceRequest.status) == "active", col(ServiceRequest.encounter_id).not_in(declined))
    return and_(unclaimed, or_(*fits)) if fits else false()


def _roles(role_ids: Sequence[str]) -> Sequence[tuple[PractitionerRole, Practitioner, Organisation]]:
    query = (
        select(PractitionerRole, Practitioner, Organisation)
        .where(PractitionerRole.practitioner_id == Practitioner.id, PractitionerRole.organisation_id == Organisation.id)
        .where(col(PractitionerRole.id).in_(role_ids), col(PractitionerRole.active))
        .where(col(PractitionerRole.practitioner_id).in_(directory.may_practise()))
    )
    return session().exec(query).all()


def _fits(role: PractitionerRole, practitioner: Practitioner, organisation: Organisation) -> ColumnElement[bool]:
    ages = str(role.attributes.get("age_groups", "")).split()
    conditions = [
        col(ServiceRequest.organisation_id) == role.organisation_id,
        col(ServiceRequest.profession).in_(("", role.profession)),
        col(ServiceRequest.specialty).in_(("", role.specialty)),
        col(ServiceRequest.territory).in_(("", *territories(practitioner.id, organisation.country))),
        col(ServiceRequest.language).in_(("", *practitioner.languages)),
    ]
    if ages:
        conditions.append(col(ServiceRequest.age_group).in_(("", *ages)))
    return and_(*conditions)


def territories(practitioner_id: str, home: str) -> tuple[str, ...]:
    """The countries in which a practitioner may treat: those of their licences that hold now, or the organisation's own where none was ever recorded."""
    said = standing.scopes(practitioner_id, LICENCE)
    return tuple(sorted(scope.removeprefix(LICENCE) for scope, good in said.items() if good)) if said else (home,)


def take(encounter_id: str, practitioner_role_id: str, until: datetime | None = None) -> Refused | None:
    """A practitioner takes a request: exactly one ever does. `until`: when it goes back if nothing happens.

    Refused when somebody was faster, when it is over, or when this practitioner may not treat this patient.
    """
    row, encounter = locked(encounter_id), session().get_one(Encounter, encounter_id)
    if row.status == "accepted":
        return None if encounter.practitioner_role_id == practitioner_role_id else TAKEN
    if row.status != "active":
        return OVER
    if session().exec(select(ServiceRequest.id).where(ServiceRequest.id == row.id, takeable([practitioner_role_id]))).first() is None:
        return Refused("not_yours", Message("toubib", "You may not treat this patient: place, language or need do not fit."))
    try:
        with session().begin_nested():
            session().add(_accepted(row, practitioner_role_id, until))
            session().flush()
    except IntegrityError:
        return TAKEN
    move_state("service_request", row, "accepted")
    encounter.practitioner_role_id = practitioner_role_id
    _happened("request.taken", row, encounter)
    return None


def _accepted(row: ServiceRequest, role_id: str, until: datetime | None) -> Assignment:
    return Assignment(organisation_id=row.organisation_id, encounter_id=row.encounter_id, practitioner_role_id=role_id, until=until)


def assignment(encounter_id: str) -> Assignment | None:
    """Who has taken a request now."""
    query = select(Assignment).where(Assignment.encounter_id == encounter_id, Assignment.state == "accepted")
    return session().exec(query).first()


def give_back(encounter_id: str, state: str, reason: str = "") -> Refused | None:
    """Take a request from whoever has it, so that another may: `state` is `declined`, `expired` or `returned`.

    After the first two the same practitioner is not offered it again. Refused by a step that guards `reassign`, or when it is over.
    """
    row, encounter = locked(encounter_id), session().get_one(Encounter, encounter_id)
    if row.status != "accepted":
        return OVER if row.status in ("completed", "revoked") else None
    if refused := journey.guard(Command.REASSIGN, journey.view(encounter_id)):
        return refused
    if taken := assignment(encounter_id):
        taken.state, taken.ended_at, taken.reason = state, clock.now(), reason
    move_state("service_request", row, "active")
    encounter.practitioner_role_id = None
    _happened("request.returned", row, encounter)
    return None


def complete(encounter_id: str) -> None:
    """The request was answered; repeating it changes nothing."""
    row = locked(encounter_id)
    if row.status == "accepted":
        move_state("service_request", row, "completed")
        row.closed_at = clock.now()
        session().flush()


def revoke(encounter_id: str, reason: str) -> Refused | None:
    """Nothing comes of a request any more: its encounter is cancelled and what was held of money is ordered back.

    `reason` is a word for reports (`patient`, `deadline`, `abandoned`, `lapsed`), never health data.
    """
    row, encounter = locked(encounter_id), session().get_one(Encounter, encounter_id)
    if row.status == "revoked":
        return None
    if row.status == "completed" or encounter.status in ("finished", "settled"):
        return OVER
    move_state("service_request", row, "revoked")
    row.closed_at, row.close_reason = clock.now(), reason
    move_state("encounter", encounter, "cancelled")
    for due in dues.of_encounter(encounter_id):
        if due.status != "cancelled":
            payments.release(due.id)
    _happened("request.revoked", row, encounter)
    return None


def follow(encounter_id: str, status: str) -> None:
    """The visit that a request became is over: the request is `completed` or `revoked` with it. Nothing for a booked visit."""
    if of(encounter_id) is None:
        return
    row = locked(encounter_id)
    if MACHINES["service_request"].allows(row.status, status) and row.status != status:
        move_state("service_request", row, status)
        row.closed_at, row.close_reason = clock.now(), "visit"
        session().flush()


def lapse(_payload: Payload) -> None:
    """Job: let unfinished requests go whose time is over, and close the payment pages that still wait for them."""
    query = select(ServiceRequest.encounter_id).where(ServiceRequest.status == "draft", col(ServiceRequest.lapses_at) <= clock.now())
    with database().reading() as reading:
        found = reading.exec(query).all()
    one_by_one(partial(_lapse, encounter_id) for encounter_id in found)


def _lapse(encounter_id: str) -> None:
    """Whoever finished or prolonged it meanwhile keeps it."""
    row = locked(encounter_id)
    if row.status == "draft" and row.lapses_at is not None and row.lapses_at <= clock.now():
        revoke(encounter_id, "lapsed")


def _happened(event: str, row: ServiceRequest, encounter: Encounter) -> None:
    session().flush()
    trail.wrote(event, Ref("encounter", encounter.id), organisation_id=row.organisation_id, person_id=encounter.person_id or "")
    runtime.current().publisher.publish(event, Ref("encounter", encounter.id), row.organisation_id)
