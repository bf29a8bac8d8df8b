"""Somebody at the patient's side: a professional who cares for the same patient during another's consultation, at the same place.

FHIR Encounter.partOf: an encounter of its own, so that acts, quote, claim and bill are the companion's and no line of either
professional stands in the other's. It begins and ends apart; until it ends, the companion opens the room on the patient's side of the call, and no longer.
"""

from collections.abc import Sequence

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
from toubib.db.wall import across_organisations
from toubib.i18n import CORE
from toubib.seams import clock
from toubib.services import agreements, checkout, coverage, directory, dues, journey, people, requests
from toubib.services.locking import lock_agreement

JOURNEY = "accompanied"
"""The journey that a deployment lists when it wants companions to have acts of their own."""

LIVE = ("planned", "arrived", "in-progress")


def offered() -> bool:
    """Whether the deployment has companions at all."""
    return JOURNEY in runtime.current().settings.journeys


def begin(encounter_id: str, role_ids: Sequence[str]) -> str | Refused:
    """Somebody who has these roles takes their place at the patient's side; returns their own encounter's id.

    They stand there in their role at the visit's organisation, else in their first. Beginning again changes nothing.
    """
    lock_agreement(encounter_id)
    main = session().get_one(Encounter, encounter_id, populate_existing=True)
    if main.practitioner_role_id in role_ids:
        return Refused("self", Message(CORE, "This consultation is your own."))
    known = _own(encounter_id, role_ids)
    if known is not None:
        return known.id
    if main.status not in LIVE or main.person_id is None or main.part_of_id is not None or agreements.of(encounter_id).state != "agreed":
        return Refused("state", Message(CORE, "This visit is over, or has no patient yet. Nobody can join it at the patient's side."))
    own = _encounter(main, next((r for r in role_ids if directory.role(r).organisation_id == main.organisation_id), role_ids[0]))
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


def _own(encounter_id: str, role_ids: Sequence[str]) -> Encounter | None:
    query = select(Encounter).where(Encounter.part_of_id == encounter_id, col(Encounter.practitioner_role_id).in_(role_ids))
    return session().exec(query.where(Encounter.status != "cancelled")).first()


def main_of(encounter_id: str) -> str | None:
    """The consultation that an encounter accompanies; `None` for any other encounter."""
    return session().get_one(Encounter, encounter_id).part_of_id


def beside(encounter_id: str) -> Sequence[str]:
    """The encounters of everybody who accompanies a consultation, as far as the acting one sees their organisations."""
    query = select(Encounter.id).where(Encounter.part_of_id == encounter_id, Encounter.status != "cancelled")
    return session().exec(query.order_by(col(Encounter.created_at))).all()


def of(encounter_id: str, role_ids: tuple[str, ...]) -> str | None:
    """The encounter with which one of these roles accompanies a consultation now; `None` once their own part is over."""
    found = _own(encounter_id, role_ids) if role_ids else None
    return found.id if found and found.status in LIVE else None


def companions(encounter_id: str) -> list[str]:
    """Who is at the patient's side now, by name and profession, for the line that the consulting practitioner confirms."""
    query = select(Encounter.practitioner_role_id).where(Encounter.part_of_id == encounter_id, col(Encounter.status).in_(LIVE))
    with across_organisations("whoever stands beside the patient of a visit may work elsewhere; their name and profession are public"):
        roles = session().exec(query).all()
    cards = [directory.role(role_id) for role_id in roles if role_id]
    return [f"{card.name} ({card.title})" for card in cards]


def locked(own_id: str) -> Encounter:
    """The companion's own encounter as it stands, nobody else's until the unit of work ends."""
    lock_agreement(own_id)
    return session().get_one(Encounter, own_id, populate_existing=True)


def end(own_id: str) -> Refused | None:
    """The companion's part is over, with the acts that were stated. What their patient owes of it is opened; settling follows.

    Beside a consultation that was called off there is nothing to bill: the part is called off with it.
    """
    own = locked(own_id)
    if own.status in ("finished", "settled", "cancelled"):
        return None
    if called_off(own):
        return requests.revoke(own_id, "visit")
    if own.status != "in-progress" or own.person_id is None:
        return Refused("state", Message(CORE, "This consultation has not begun."))
    if refused := journey.guard(Command.END, journey.view(own_id)):
        return refused
    asked = coverage.estimate(coverage.context(own_id)).asked
    dues.open_due(own.organisation_id, own.id, checkout.PURPOSE, own.person_id, asked.currency, asked.minor)
    move_state("encounter", own, "finished")
    own.ended_at = clock.now()
    requests.follow(own_id, "completed")
    session().flush()
    trail.wrote("end", Ref("encounter", own_id), organisation_id=own.organisation_id, person_id=own.person_id)
    runtime.current().publisher.publish("encounter.ended", Ref("encounter", own_id), own.organisation_id)
    return None


def called_off(own: Encounter) -> bool:
    """Whether the consultation that somebody accompanies was cancelled, or its patient did not come."""
    return session().get_one(Encounter, own.part_of_id).status == "cancelled"
