"""Who may do what with the core's records. Read this to know the house's rules of access."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, func
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col, or_, select, true
from sqlmodel.sql.expression import SelectOfScalar

from toubib import runtime
from toubib.contracts.identity import Actor, ActorKind
from toubib.contracts.web import Permission
from toubib.db.tables.access import Delegation
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.directory import Organisation, PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.db.tables.people import Person, RelatedPerson
from toubib.db.tables.prescriptions import Document, Prescription
from toubib.db.tables.requests import ServiceRequest
from toubib.db.types import Table
from toubib.policy.rules import Policy
from toubib.seams import clock
from toubib.services import accompaniment, requests, room, room_files
from toubib.services.secrets import fingerprint, planner_key

TABLES: dict[str, type[Table]] = {
    "encounter": Encounter,
    "appointment": Appointment,
    "person": Person,
    "practitioner_role": PractitionerRole,
    "organisation": Organisation,
    "document": Document,
    "prescription": Prescription,
}

UNFINISHED = ("planned",)
PRACTICE = frozenset({"practitioner", "secretary", "reviewer", "administrator"})


def _live(start: Mapped[datetime], end: Mapped[datetime | None]) -> ColumnElement[bool]:
    now = clock.now()
    return (start <= now) & or_(end.is_(None), end > now)


def _helped_persons(actor: Actor) -> SelectOfScalar[str]:
    live = _live(col(RelatedPerson.valid_from), col(RelatedPerson.valid_to))
    return select(RelatedPerson.person_id).where(RelatedPerson.helper_id == actor.person_id, live)


def _own_roles(actor: Actor) -> tuple[str, ...]:
    return actor.practitioner_roles if actor.strong else ()


def own_encounter(actor: Actor) -> ColumnElement[bool] | None:
    """The patient's own visits, and those of persons they act for."""
    if actor.kind is not ActorKind.USER or actor.person_id is None:
        return None
    return or_(col(Encounter.person_id) == actor.person_id, col(Encounter.person_id).in_(_helped_persons(actor)))


def draft_encounter(actor: Actor) -> ColumnElement[bool] | None:
    """A visitor's unfinished booking, bound to their browser."""
    if not actor.draft_key:
        return None
    return (
        (col(Encounter.draft_hash) == fingerprint(actor.draft_key))
        & col(Encounter.person_id).is_(None)
        & col(Encounter.status).in_(UNFINISHED)
    )


def link_encounter(actor: Actor) -> ColumnElement[bool] | None:
    """The one visit that a guest's link opens."""
    if actor.kind is not ActorKind.GUEST or not actor.encounter_id:
        return None
    return col(Encounter.id) == actor.encounter_id


def treated_encounter(actor: Actor) -> ColumnElement[bool] | None:
    """The practitioner's own consultations, with a fresh second factor. An unfinished booking is still its visitor's alone.

    Care in writing is not among them: whoever answers may not learn who asks, so no page of a consultation opens for it.
    """
    met = col(Encounter.modality) != room.TEXT
    return _own(actor, met)


def answered_encounter(actor: Actor) -> ColumnElement[bool] | None:
    """What the practitioner answers or answered in writing."""
    return _own(actor, col(Encounter.modality) == room.TEXT)


def _own(actor: Actor, kind: ColumnElement[bool]) -> ColumnElement[bool] | None:
    roles = _own_roles(actor)
    return col(Encounter.practitioner_role_id).in_(roles) & col(Encounter.person_id).is_not(None) & kind if roles else None


def offered_encounter(actor: Actor) -> ColumnElement[bool] | None:
    """Requests that wait for somebody, and that the actor may take."""
    roles = _own_roles(actor)
    if not roles:
        return None
    return col(Encounter.id).in_(select(ServiceRequest.encounter_id).where(requests.takeable(roles)))


def own_role(actor: Actor) -> ColumnElement[bool] | None:
    """The practitioner's own agenda."""
    roles = _own_roles(actor)
    return col(PractitionerRole.id).in_(roles) if roles else None


def delegated_role(actor: Actor) -> ColumnElement[bool] | None:
    """Agendas that somebody works on by delegation, in a session that the delegation rests on."""
    if actor.kind is not ActorKind.USER or not actor.strong:
        return None
    live = _live(col(Delegation.valid_from), col(Delegation.valid_to))
    same = col(Delegation.external_identity_id) == actor.external_id if actor.external_id else col(Delegation.external_identity_id).is_(None)
    query = select(Delegation.practitioner_role_id).where(Delegation.account_id == actor.id, live, same)
    return col(PractitionerRole.id).in_(query)


def of_appointment(rule_on_encounter: ColumnElement[bool] | None) -> ColumnElement[bool] | None:
    """Appointments of the encounters that a rule allows."""
    if rule_on_encounter is None:
        return None
    return col(Appointment.encounter_id).in_(select(Encounter.id).where(rule_on_encounter))


def managed_appointment(actor: Actor) -> ColumnElement[bool] | None:
    """Appointments in agendas that the actor runs, their own or by delegation."""
    conditions = [c for c in (own_role(actor), delegated_role(actor)) if c is not None]
    if not conditions:
        return None
    return col(Appointment.practitioner_role_id).in_(select(PractitionerRole.id).where(or_(*conditions)))


def managed_encounter(actor: Actor) -> ColumnElement[bool] | None:
    """Visits in agendas that the actor runs, their own or by delegation."""
    rule = managed_appointment(actor)
    return None if rule is None else col(Encounter.id).in_(select(Appointment.encounter_id).where(rule))


def planned_encounter(actor: Actor) -> ColumnElement[bool] | None:
    """Visits that staff are booking for a patient, in agendas they run: nobody has begun them elsewhere with a browser of their own."""
    rule = managed_appointment(actor)
    if rule is None:
        return None
    held = select(Appointment.encounter_id).where(rule, Appointment.status == "pending")
    return col(Encounter.id).in_(held) & (col(Encounter.draft_hash) == fingerprint(planner_key(actor.id)))


def accompanied_encounter(actor: Actor) -> ColumnElement[bool] | None:
    """Consultations at which the actor stands at the patient's side now: until their own part is over."""
    return _accompanied(actor, col(Encounter.status).in_(accompaniment.LIVE))


def once_accompanied_encounter(actor: Actor) -> ColumnElement[bool] | None:
    """Consultations at whose patient's side the actor ever stood: their own acts and bill name them."""
    return _accompanied(actor, true())


def _accompanied(actor: Actor, own_part: ColumnElement[bool]) -> ColumnElement[bool] | None:
    roles = _own_roles(actor)
    if not roles:
        return None
    parts = select(Encounter.part_of_id).where(col(Encounter.practitioner_role_id).in_(roles), col(Encounter.part_of_id).is_not(None))
    return col(Encounter.id).in_(parts.where(own_part))


def accompanying(actor: Actor) -> ColumnElement[bool] | None:
    """Visits of agendas that a practitioner helps to run: they may join at the patient's side."""
    return managed_encounter(actor) if _own_roles(actor) else None


def self_person(actor: Actor) -> ColumnElement[bool] | None:
    """Oneself, and persons one acts for."""
    if actor.kind is not ActorKind.USER or actor.person_id is None:
        return None
    return or_(col(Person.id) == actor.person_id, col(Person.id).in_(_helped_persons(actor)))


def treated_person(actor: Actor) -> ColumnElement[bool] | None:
    """Patients with a visit with this practitioner."""
    rule = treated_encounter(actor)
    return None if rule is None else col(Person.id).in_(select(Encounter.person_id).where(rule))


def of_document(rule_on_encounter: ColumnElement[bool] | None) -> ColumnElement[bool] | None:
    """Documents of the encounters that a rule allows."""
    if rule_on_encounter is None:
        return None
    return col(Document.encounter_id).in_(select(Encounter.id).where(rule_on_encounter))


def exchanged_document(actor: Actor) -> ColumnElement[bool] | None:
    """Files that were sent with a question in writing or with its answer. Not its invoice, which names the patient."""
    answered = of_document(answered_encounter(actor))
    return None if answered is None else answered & col(Document.kind).in_((room_files.BY_PATIENT, room_files.BY_PRACTITIONER))


def of_prescription(rule_on_encounter: ColumnElement[bool] | None) -> ColumnElement[bool] | None:
    """Prescriptions of the encounters that a rule allows."""
    if rule_on_encounter is None:
        return None
    return col(Prescription.encounter_id).in_(select(Encounter.id).where(rule_on_encounter))


def administered(actor: Actor) -> ColumnElement[bool] | None:
    """Organisations that the actor administers, with a fresh second factor."""
    organisations = actor.organisations("administrator") if actor.strong else ()
    return col(Organisation.id).in_(organisations) if organisations else None


def administrator(actor: Actor) -> ColumnElement[bool] | None:
    """Administrators of the organisation that runs the installation: the one that `site.operator` names, or the only one there is."""
    own = administered(actor)
    if own is None:
        return None
    operator = runtime.current().settings.site.operator
    only = select(func.count()).select_from(aliased(Organisation)).scalar_subquery() == 1
    return exists(select(Organisation.id).where(own, col(Organisation.slug) == operator if operator else only))


def signed_in(actor: Actor) -> ColumnElement[bool] | None:
    """Anybody with a session."""
    return true() if actor.kind is ActorKind.USER else None


def staff(actor: Actor) -> ColumnElement[bool] | None:
    """Who works in a practice, with a fresh second factor. A role that only a plugin's permissions name opens no page of the core."""
    return true() if actor.kind is ActorKind.USER and actor.strong and any(role.name in PRACTICE for role in actor.roles) else None


def core_policy() -> Policy:
    """The core's permissions and grants; plugins add theirs with `like`."""
    policy = Policy(TABLES)

    def allow(name: str, about: str, description: str, *rules: object) -> None:
        policy.declare(Permission(name, about, description))
        policy.grant(name, *rules)  # type: ignore[arg-type]

    allow("encounter.read", "encounter", "See a visit", own_encounter, draft_encounter, treated_encounter)
    allow("encounter.prepare", "encounter", "Fill in and pay a visit", own_encounter, draft_encounter, planned_encounter)
    allow("encounter.plan", "encounter", "Book a visit for a patient", planned_encounter)
    allow("encounter.join", "encounter", "Enter the room of a visit", own_encounter, link_encounter, treated_encounter, accompanied_encounter)
    allow("encounter.arrive", "encounter", "Wait in the room of a visit", own_encounter, link_encounter, accompanied_encounter)
    allow("encounter.accompany", "encounter", "Join a visit at the patient's side", accompanying)
    allow("encounter.care", "encounter", "Care in a visit: admit, note, prescribe, state acts, end", treated_encounter)
    allow("encounter.consider", "encounter", "Look at a request before taking it", offered_encounter, treated_encounter, answered_encounter)
    allow("encounter.answer", "encounter", "Answer in writing: letters, files and chat, not who asks", answered_encounter)
    allow("encounter.cancel", "encounter", "Cancel or move one's visit", own_encounter)
    allow("appointment.read", "appointment", "See an appointment", lambda a: of_appointment(own_encounter(a)), managed_appointment)
    allow("appointment.manage", "appointment", "Run an appointment for the practice", managed_appointment)
    allow("agenda.read", "practitioner_role", "See an agenda", own_role, delegated_role)
    allow("agenda.manage", "practitioner_role", "Change openings and appointments of an agenda", own_role, delegated_role)
    allow("agenda.share", "practitioner_role", "Let somebody run one's own agenda, and take it back", own_role)
    allow("person.read", "person", "See a person's record", self_person, treated_person)
    allow("person.edit", "person", "Correct a person's traits", self_person)
    allow(
        "document.read",
        "document",
        "Open a document",
        lambda a: of_document(own_encounter(a)),
        lambda a: of_document(treated_encounter(a)),
        exchanged_document,
    )
    allow(
        "prescription.read",
        "prescription",
        "See a prescription",
        lambda a: of_prescription(own_encounter(a)),
        lambda a: of_prescription(treated_encounter(a)),
    )
    allow("prescription.write", "prescription", "Revoke or replace a prescription", lambda a: of_prescription(treated_encounter(a)))
    allow("organisation.administer", "organisation", "Administer an organisation", administered)
    allow("site.administer", "site", "Administer the installation", administrator)
    allow("site.staff", "site", "Work in the practice", staff)
    allow("site.account", "site", "Have an account", signed_in)
    return policy
