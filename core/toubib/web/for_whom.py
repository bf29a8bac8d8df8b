"""For whom a visit is being booked: oneself, or somebody one acts for. The choice as the booking shows it."""

from typing import Any

from flask import url_for

from toubib import runtime
from toubib.contracts.identity import ActorKind
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.services import people, relatives
from toubib.web.request import current_actor
from toubib.web.shell import text


def choices(encounter_id: str) -> dict[str, Any] | None:
    """Whom the visit is for now and whom else it may be for; `None` for who is not signed in, and for staff who book for a patient. Inside a unit of work."""
    actor, now = current_actor(), session().get_one(Encounter, encounter_id).person_id
    if actor.kind is not ActorKind.USER or actor.person_id is None or now is None:
        return None
    if runtime.current().policy.allows(actor, "encounter.plan", encounter_id):
        return None
    others = [(r.person_id, r.name) for r in relatives.of(actor.person_id)]
    names = {actor.person_id: text("you"), **dict(others)}
    buttons = [_choose(encounter_id, person_id, name) for person_id, name in names.items() if person_id != now]
    here = url_for("booking_flow.details", encounter_id=encounter_id)
    add = {"label": text("Somebody else"), "href": url_for("relatives.new", next=here), "kind": "quiet", "icon": "plus"}
    return {"name": names.get(now) or people.traits(now).name, "actions": [*buttons, add]}


def _choose(encounter_id: str, person_id: str, name: str) -> dict[str, Any]:
    label = text("Book for %(name)s", name=name)
    post = url_for("relatives.book_for", encounter_id=encounter_id)
    return {"label": label, "post": post, "fields": {"person": person_id}, "kind": "secondary", "icon": "user"}
