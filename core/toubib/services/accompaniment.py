"""Somebody at the patient's side: a professional who cares for the same patient during another's consultation, at the same place.

FHIR Encounter.partOf: an encounter of its own, so that acts, quote, claim and bill are the companion's and no line of either
professional stands in the other's. It begins and ends apart; the companion opens the room on the patient's side of the call.
"""

from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Message, Ref, Refused
from toubib.contracts.journey import Command
from toubib.db import session
from toubib.db.states import move as move_state
from toubib.db.tables.directory import Organisation
from toubib.db.tables.journey import Encounter
from toubib.db.tables.requests import Assignment, ServiceRequest
from toubib.i18n import CORE
from toubib.seams import clock
from toubib.services import checkout, coverage, directory, dues, journey, people

JOURNEY = "accompanied"
"""The journey that a deployment lists when it wants companions to have acts of their own."""

LIVE = ("planned", "arrived", "in-progress")


def offered() -> bool:
    """Whether the deployment has companions at all."""
    return JOURNEY in runtime.current().settings.journeys


def begin(encounter_id: str, role_id: str) -> str | Refused:
    """Somebody takes their place at the patient's side; returns their own encounter's id. Beginning again changes nothing."""
    main = session().get_one(Encounter, encounter_id, with_for_update=True)
    known = _own(encounter_id, [role_id])
    if known is not None:
        return known.id
    if main.status not in LIVE or main.person_id is None or main.part_of_id is not None:
        return Refused("state", Message(CORE, "This visit is over, or has no patient yet. Nobody can join it at the patient's side."))
    if main.practitioner_role_id == role_id:
        return Refused("self", Message(CORE, "This consultation is your own."))
    own = _encounter(main, role_id)
    if refused := journey.guard(Command.START, journey.view(own.id)):
        return refused
    for state in ("arrived", "in-progress"):
        move_state("encounter", own, state)
        session().flush()
    own.arrived_at = own.admitted_at = clock.now()
    session().flush()
    trail.wrote("accompany", Ref("encounter", encounter_id), organisation_id=own.organisation_id, person_id=main.person_id)
    return own.id


def _encounter(main: Encounter, role_id: str) -> Encounter:
    card = directory.role(role_id)
    own = Encounter(
        organisation_id=card.organisation_id,
        journey=JOURNEY,
        part_of_id=main.id,
        person_id=main.person_id,
        practitioner_role_id=role_id,
        modality=main.modality,
        locale=main.locale,
    )
    session().add(own)
    session().flush()
    request = _request(own, card.zone, session().get_one(Organisation, card.organisation_id).currency)
    session().add(request)
    session().flush()
    for state in ("active", "accepted"):
        move_state("service_request", request, state)
        session().flush()
    session().add(Assignment(organisation_id=own.organisation_id, encounter_id=own.id, practitioner_role_id=role_id))
    session().flush()
    people.open_chart(own.organisation_id, own.person_id or "")
    return own


def _request(own: Encounter, zone: str, currency: str) -> ServiceRequest:
    """What is agreed: presence at the patient's side, at the tariffs of whatever acts are stated at the end."""
    name = runtime.current().catalogues.gettext(CORE, "At the patient's side", own.locale)
    return ServiceRequest(
        organisation_id=own.organisation_id,
        encounter_id=own.id,
        plugin="",
        service_key=JOURNEY,
        service_name=name,
        price_minor=0,
        currency=currency,
        zone=zone,
    )


def _own(encounter_id: str, role_ids: list[str]) -> Encounter | None:
    query = select(Encounter).where(Encounter.part_of_id == encounter_id, col(Encounter.practitioner_role_id).in_(role_ids))
    return session().exec(query.where(Encounter.status != "cancelled")).first()


def of(encounter_id: str, role_ids: tuple[str, ...]) -> str | None:
    """The encounter with which one of these roles accompanies a consultation, if they do."""
    found = _own(encounter_id, list(role_ids)) if role_ids else None
    return found.id if found else None


def companions(encounter_id: str) -> list[str]:
    """Who is at the patient's side, by name and profession, for the line that the consulting practitioner confirms."""
    query = select(Encounter.practitioner_role_id).where(Encounter.part_of_id == encounter_id, Encounter.status != "cancelled")
    cards = [directory.role(role_id) for role_id in session().exec(query).all() if role_id]
    return [f"{card.name} ({card.title})" for card in cards]


def end(own_id: str) -> Refused | None:
    """The companion's part is over, with the acts that were stated. What their patient owes of it is opened; settling follows."""
    own = session().get_one(Encounter, own_id, with_for_update=True)
    if own.status in ("finished", "settled"):
        return None
    if own.status != "in-progress" or own.person_id is None:
        return Refused("state", Message(CORE, "This consultation has not begun."))
    if refused := journey.guard(Command.END, journey.view(own_id)):
        return refused
    asked = coverage.estimate(coverage.context(own_id)).asked
    dues.open_due(own.organisation_id, own.id, checkout.PURPOSE, own.person_id, asked.currency, asked.minor)
    move_state("encounter", own, "finished")
    own.ended_at = clock.now()
    session().flush()
    trail.wrote("end", Ref("encounter", own_id), organisation_id=own.organisation_id, person_id=own.person_id)
    runtime.current().publisher.publish("encounter.ended", Ref("encounter", own_id), own.organisation_id)
    return None
