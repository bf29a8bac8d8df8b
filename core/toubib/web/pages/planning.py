"""Planning for a patient, as a secretary or a nurse does it: agenda, reason, time, then whose visit it is. The booking screens follow."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n, runtime
from toubib.contracts.common import Refused
from toubib.contracts.scheduling import Service
from toubib.db import session
from toubib.services import agreements, directory
from toubib.services import planning as service
from toubib.services.directory import RoleCard
from toubib.web import acting, consultation, current_actor, looking, needs, prescribing, render, text
from toubib.web.pages.booking_flow import JOURNEY, OFF_GRID
from toubib.web.pages.search import first_day, slot_picker
from toubib.web.shell import problem, say
from toubib.web.typed import instant

planning = Blueprint("planning", __name__)


@planning.get("/practice/plan")
@needs("site.staff")
def choose() -> ResponseReturnValue:
    """In whose agenda, for what, when."""
    with looking():
        agendas = _agendas()
        card = next((c for c in agendas if c.id == request.args.get("role")), agendas[0] if agendas else None)
        reasons = list(runtime.current().scheduler.services([card.id]).get(card.id, ())) if card else []
        chosen = next((s for s in reasons if s.id == request.args.get("reason")), reasons[0] if reasons else None)
        return render(
            "toubib/practice/plan.html",
            nav=consultation.navigation("plan"),
            agendas=[{"label": c.name, "href": url_for("planning.choose", role=c.id), "current": c is card} for c in agendas],
            reasons=[_reason(s, current=s is chosen) for s in reasons],
            picker=_picker(card, chosen) if card and chosen else None,
        )


def _agendas() -> Sequence[RoleCard]:
    rows = session().exec(runtime.current().policy.visible(current_actor(), "agenda.manage"))
    cards = directory.roles([row.id for row in rows])
    booked = runtime.current().scheduler.services(list(cards))
    return sorted((c for c in cards.values() if booked.get(c.id) and directory.receives(c.id)), key=lambda c: c.name)


def _reason(reason: Service, *, current: bool) -> dict[str, Any]:
    href = url_for("planning.choose", role=reason.practitioner_role_id, reason=reason.id)
    return {"label": i18n.localised(reason.name), "href": href, "current": current}


def _picker(card: RoleCard, reason: Service) -> dict[str, Any]:
    start = first_day(request.args.get("from", ""), card.zone)
    post = url_for("planning.hold", role_id=card.id)

    def link(day: str) -> str:
        return url_for("planning.choose", role=card.id, reason=reason.id) + f"&from={day}"

    return slot_picker(reason.id, card.zone, start, post=post, link=link, fields={"service": reason.id}) | {"level": 2}


@planning.post("/practice/plan/<role_id>/hold")
@needs("agenda.manage", about="role_id")
def hold(role_id: str) -> ResponseReturnValue:
    """Hold the time for a patient who is chosen next."""
    start, service_id = instant(request.form.get("start", "")), request.form.get("service", "")
    with acting():
        known = runtime.current().scheduler.service(service_id)
        held: str | Refused = OFF_GRID
        if start and known and known.practitioner_role_id == role_id:
            held = service.hold(service_id, start, JOURNEY)
    if isinstance(held, Refused):
        again = {"label": text("Choose another time"), "href": url_for("planning.choose", role=role_id)}
        return problem(409, text("This time cannot be booked"), say(held.message), actions=[again])
    return redirect(url_for("planning.patient", encounter_id=held))


@planning.get("/practice/plan/visits/<encounter_id>")
@needs("encounter.plan", about="encounter_id")
def patient(encounter_id: str) -> ResponseReturnValue:
    """Whose visit it is: somebody with a chart here, found by family name, or somebody new."""
    return _whose(encounter_id, "")


def _whose(encounter_id: str, name: str) -> ResponseReturnValue:
    with acting():
        agreed = agreements.of(encounter_id)
        if agreed.person_id is not None:
            return redirect(url_for("booking_flow.details", encounter_id=encounter_id))
        found = service.find(agreed.organisation_id, name)
        summary = f"{agreed.name}, {i18n.moment(agreed.at, agreed.zone)}"
        return render(
            "toubib/practice/plan_patient.html",
            nav=consultation.navigation("plan"),
            encounter_id=encounter_id,
            summary=summary,
            name=name,
            found=[{"id": k.person_id, "label": k.name, "born": prescribing.short_day(k.birth_date) if k.birth_date else ""} for k in found],
        )


@planning.post("/practice/plan/visits/<encounter_id>")
@needs("encounter.plan", about="encounter_id")
def choose_patient(encounter_id: str) -> ResponseReturnValue:
    """Look for somebody by name; or take the chosen person, or begin a record for somebody new: identity and the rest are asked next.

    A name is sent in the form: an address is kept by browsers and servers.
    """
    if name := request.form.get("name", "").strip()[:80]:
        return _whose(encounter_id, name)
    if "name" in request.form:
        return redirect(url_for("planning.patient", encounter_id=encounter_id))
    person_id = request.form.get("person", "")
    with acting():
        agreed = agreements.of(encounter_id)
        if person_id and not service.knows(agreed.organisation_id, person_id):
            return problem(404, text("This person is not known here"), text("Look for them by their family name, or begin a new record."))
        if agreed.person_id is None:
            service.choose(encounter_id, person_id or None)
    return redirect(url_for("booking_flow.details", encounter_id=encounter_id))
