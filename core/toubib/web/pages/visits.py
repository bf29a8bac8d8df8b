"""The patient's visits: the list, one visit with its thread, documents, money and claim; moving and cancelling."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import col, or_, select

from toubib import i18n, runtime
from toubib.audit import trail
from toubib.contracts.common import Refused
from toubib.contracts.journey import StepStatus
from toubib.contracts.scheduling import Modality
from toubib.db import session, vault
from toubib.db.tables.claims import Claim, ClaimItem
from toubib.db.tables.journey import Encounter
from toubib.services import (
    accompaniment,
    agreements,
    care,
    checkout,
    coverage,
    directory,
    dispensing,
    documents,
    dues,
    invoices,
    journey,
    people,
    prescriptions,
    requests,
)
from toubib.services import visits as service
from toubib.services.agreements import Agreement
from toubib.services.documents import DocumentCard
from toubib.services.prescriptions import PrescriptionCard
from toubib.services.visits import Visit
from toubib.web import acting, consultation, current_actor, looking, money_words, needs, prescribing, render, slots, text
from toubib.web.pages.booking_flow import OFF_GRID, page_of
from toubib.web.pages.search import WAYS, first_day, slot_picker
from toubib.web.receipts import receipt_of
from toubib.web.shell import problem, say, when
from toubib.web.typed import instant

visits = Blueprint("visits", __name__)

STATES = {
    StepStatus.DONE: "done",
    StepStatus.OPEN: "next",
    StepStatus.WAITING: "next",
    StepStatus.FAILED: "failed",
    StepStatus.NOT_APPLICABLE: "done",
}


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


APPOINTMENT_WORDS = {
    "pending": ("attention", _("Not booked yet")),
    "lapsed": ("stop", _("Not booked: the time held is over")),
    "booked": ("info", _("Booked")),
    "arrived": ("info", _("In the waiting room")),
    "fulfilled": ("done", _("Done")),
    "noshow": ("stop", _("Missed")),
    "cancelled": ("stop", _("Cancelled")),
}


@visits.get("/visits")
@needs("site.account")
def mine() -> ResponseReturnValue:
    """Every visit of the viewer, next ones first."""
    actor = current_actor()
    with looking() as open_session:
        query = runtime.current().policy.visible(actor, "encounter.read").where(col(Encounter.person_id).is_not(None))
        elsewhere = col(Encounter.practitioner_role_id).not_in(actor.practitioner_roles)
        query = query.where(or_(col(Encounter.practitioner_role_id).is_(None), elsewhere))
        ids = [e.id for e in open_session.exec(query)]
        found = sorted((agreements.of(i) for i in ids), key=lambda a: a.at, reverse=True)
        rows = [_request_row(a) if not a.timed else _row(service.visit(a.encounter_id)) for a in found if a.state != "lapsed"]
        for agreed in found:
            trail.read("encounter", [agreed.encounter_id], person_id=agreed.person_id or "")
    return render("toubib/visits/mine.html", rows=rows)


def _request_row(agreed: Agreement) -> list[Any]:
    kind, word = _standing_of(agreed)
    who = directory.role(agreed.practitioner_role_id).name if agreed.practitioner_role_id else ""
    return [{"text": agreed.name, "href": page_of(agreed)}, _with(who, agreed.person_id or ""), "", {"text": text(word), "state": kind}]


def _standing_of(agreed: Agreement) -> tuple[str, str]:
    if accompaniment.main_of(agreed.encounter_id) is None:
        return REQUEST_WORDS[agreed.state]
    return consultation.WORDS[session().get_one(Encounter, agreed.encounter_id).status]


REQUEST_WORDS = {"pending": ("attention", _("Not sent yet")), "agreed": ("info", _("Sent")), "over": ("stop", _("Over"))}


def _with(who: str, person_id: str) -> str:
    """Whom the visit is with; and for whom, when that is not the reader."""
    patient = _somebody_else(person_id)
    return text("%(who)s, for %(patient)s", who=who, patient=patient) if patient else who


def _somebody_else(person_id: str) -> str:
    return "" if person_id == current_actor().person_id else people.traits(person_id).name


def _row(visit: Visit) -> list[Any]:
    card = directory.role(visit.practitioner_role_id)
    kind, word = APPOINTMENT_WORDS[visit.appointment_status]
    return [
        {"text": i18n.moment(visit.starts_at, visit.zone), "href": url_for("visits.visit", encounter_id=visit.encounter_id)},
        _with(card.name, visit.person_id or ""),
        text(WAYS[Modality(visit.modality)][1]),
        {"text": text(word), "state": kind},
    ]


@visits.get("/visits/<encounter_id>")
@needs("encounter.read", about="encounter_id")
def visit(encounter_id: str) -> ResponseReturnValue:
    """One visit: what is done, what is next, what it costs, what came of it."""
    with looking():
        found = service.visit(encounter_id)
        card = directory.role(found.practitioner_role_id)
        trail.read("encounter", [encounter_id], organisation_id=found.organisation_id, person_id=found.person_id or "")
        kind, word = APPOINTMENT_WORDS[found.appointment_status]
        return render(
            "toubib/visits/visit.html",
            visit=found,
            card=card,
            patient=_somebody_else(found.person_id or ""),
            state={"kind": kind, "label": text(word)},
            when=when(found.starts_at, found.zone),
            way=text(WAYS[Modality(found.modality)][1]),
            thread=thread_of(found),
            receipt=_receipt(found),
            money=_money(found),
            documents=_documents(encounter_id),
            claims=_claims(encounter_id),
            actions=_actions(found),
            lines=slots.fill("encounter.side", [encounter_id])[encounter_id],
        )


def thread_of(found: Visit) -> dict[str, Any]:
    """The steps of a visit as its thread; the step that is now has the action."""
    steps: list[dict[str, Any]] = []
    now_given = False
    for standing in journey.standings(journey.view(found.encounter_id)):
        if standing.state.status is StepStatus.NOT_APPLICABLE:
            continue
        state = STATES[standing.state.status]
        if state == "next" and not now_given and found.status != "cancelled":
            state, now_given = "now", True
        step: dict[str, Any] = {"title": say(standing.step.title), "state": state}
        if standing.state.summary:
            step["text"] = say(standing.state.summary)
        if state == "now":
            step["action"] = _next_action(found, standing.step.endpoint, say(standing.step.title))
        steps.append(step)
    return {"label": text("The steps of this visit"), "steps": steps, "fold": True}


def _next_action(found: Visit, endpoint: str | None, title: str) -> dict[str, Any] | None:
    if found.appointment_status == "lapsed" or found.status == "cancelled":
        return None
    if found.appointment_status == "pending":
        return {"label": text("Go on with the booking"), "href": url_for("booking_flow.price", encounter_id=found.encounter_id)}
    if endpoint is None:
        return None
    label = text("Enter the waiting room") if endpoint == "room.enter" else title
    return {"label": label, "href": url_for(endpoint, encounter_id=found.encounter_id)}


def _receipt(found: Visit) -> dict[str, Any] | None:
    """What the visit costs; nothing of the price of one that its patient missed."""
    if found.appointment_status == "noshow":
        return None
    final, accepted = coverage.stored(found.encounter_id, "final"), coverage.stored(found.encounter_id, "accepted")
    if final is not None:
        return receipt_of(final, estimate=False, before=accepted)
    return receipt_of(accepted, estimate=True) if accepted else None


def _money(found: Visit) -> list[dict[str, str]]:
    lines = []
    for attempt in checkout.attempts_of(found.encounter_id):
        shown = attempt.captured_minor if attempt.status in ("captured", "refunded") else attempt.authorised_minor
        if sentence := money_words.sentence(money_words.PATIENT, attempt, shown or attempt.amount_minor):
            provider = runtime.current().registry.payments.get(attempt.provider)
            lines.append({"term": say(provider.title) if provider else attempt.provider, "text": sentence})
    final = [d.amount for d in dues.of_encounter(found.encounter_id) if d.amount is not None]
    term = say(invoices.FEE) if found.appointment_status == "noshow" else text("Final amount")
    return lines + [{"term": term, "text": i18n.money(amount)} for amount in final]


def _documents(encounter_id: str) -> list[dict[str, Any]]:
    written = prescriptions.of_encounter(encounter_id)
    by_document = {p.document_id: p for p in written if p.document_id}
    shown = [_document(card, by_document.get(card.id)) for card in [*documents.of_encounter(encounter_id), *_beside(encounter_id)]]
    if any(p.document_id is None for p in written):
        shown.append({"label": text("Prescription"), "when": None, "action": None})
    return shown


def _beside(encounter_id: str) -> list[DocumentCard]:
    """Documents from whoever stood at the patient's side, for the patient alone."""
    found = [card for own in accompaniment.beside(encounter_id) for card in documents.of_encounter(own)]
    return [card for card in found if runtime.current().policy.allows(current_actor(), "document.read", card.id)]


def _document(card: DocumentCard, prescription: PrescriptionCard | None) -> dict[str, Any]:
    action = {"label": text("Download"), "href": url_for("documents.open", document_id=card.id)}
    shown: dict[str, Any] = {"label": text(DOCUMENT_WORDS.get(card.kind, "Document")), "when": when(card.created_at), "action": action}
    return shown | _prescribed(prescription) if prescription else shown


def _prescribed(card: PrescriptionCard) -> dict[str, Any]:
    """Whether a prescription holds, the code that opens its lines to a pharmacy, and what pharmacies recorded."""
    given = [f"{line.drug.text}. {entry}" for line in dispensing.lines(card.id) for entry in prescribing.given(line)]
    if card.status == "issued":
        code = dispensing.patient_code(card.id)
        return {"given": given, "pharmacy_code": f"{code[:3]} {code[3:]}"}
    warnings = {"revoked": text("Withdrawn: do not use it any more. Call the practice."), "replaced": text("Replaced: use the newer one.")}
    return {"given": given, "warning": warnings[card.status]}


DOCUMENT_WORDS = {
    "prescription": _("Prescription"),
    "invoice": _("Invoice"),
    "receipt": _("Receipt"),
    "credit_note": _("Credit note"),
    "report": _("Report"),
    "sent_by_practitioner": _("File from the practitioner"),
    "sent_by_patient": _("File from you"),
}


def _claims(encounter_id: str) -> list[dict[str, Any]]:
    query = select(Claim).where(col(Claim.id).in_(select(ClaimItem.claim_id).where(ClaimItem.encounter_id == encounter_id)))
    return [_claim(row) for row in session().exec(query)]


def _claim(row: Claim) -> dict[str, Any]:
    legal, following = (coverage.load_message(vault().read(row, c)) for c in ("legal_status", "next_step"))
    pack = runtime.current().registry.packs.get(row.pack)
    return {
        "label": say(pack.title) if pack else row.pack,
        "draft": say(legal) if legal else "",
        "next": say(following) if following else "",
        "steps": [
            {"title": text("Draft built"), "state": "done", "when": when(row.created_at)},
            {"title": text("Sent to the payer"), "state": "blocked", "text": text("Not possible here: no certified gateway is connected.")},
            {"title": text("Paid back"), "state": "next"},
        ],
    }


def _actions(found: Visit) -> list[dict[str, Any]]:
    if found.status == "cancelled" and care.found_unsuitable(found.encounter_id):
        slug = directory.role(found.practitioner_role_id).slug
        return [{"label": text("Choose a time at the practice"), "href": url_for("search.profile", slug=slug), "icon": "calendar"}]
    if found.appointment_status != "booked" or found.status != "planned" or requests.of(found.encounter_id):
        return []
    again = [{"label": text("Send me a new link"), "post": url_for("room.new_link", encounter_id=found.encounter_id), "kind": "quiet"}]
    return [
        {"label": text("Move this visit"), "href": url_for("visits.choose_move", encounter_id=found.encounter_id), "kind": "secondary"},
        {"label": text("Cancel this visit"), "href": url_for("visits.ask_cancel", encounter_id=found.encounter_id), "kind": "quiet"},
        *(again if found.modality != "in_person" else ()),
    ]


@visits.get("/visits/<encounter_id>/move")
@needs("encounter.cancel", about="encounter_id")
def choose_move(encounter_id: str) -> ResponseReturnValue:
    """Choose another time; the present one is kept until then."""
    with looking():
        found = service.visit(encounter_id)
        picker = slot_picker(
            found.service_id,
            found.zone,
            first_day(request.args.get("from", ""), found.zone),
            post=url_for("visits.move", encounter_id=encounter_id),
            link=lambda day: url_for("visits.choose_move", encounter_id=encounter_id, **{"from": day}),
            fields={},
        )
        card = directory.role(found.practitioner_role_id)
        moved: dict[str, Any] = {"visit": found, "card": card, "when": when(found.starts_at, found.zone), "picker": picker | {"level": 2}}
        return render("toubib/visits/move.html", **moved)


@visits.post("/visits/<encounter_id>/move")
@needs("encounter.cancel", about="encounter_id")
def move(encounter_id: str) -> ResponseReturnValue:
    """Take the other time and give the present one back, in one act."""
    start = instant(request.form.get("start", ""))
    with acting():
        found = service.visit(encounter_id)
        refused = service.move(encounter_id, found.service_id, start) if start else OFF_GRID
    if refused is not None:
        return _kept(encounter_id, refused)
    flash(text("Your visit is moved. A new invitation is on its way."), "done")
    return redirect(url_for("visits.visit", encounter_id=encounter_id))


def _kept(encounter_id: str, refused: Refused) -> ResponseReturnValue:
    back = {"label": text("Choose another time"), "href": url_for("visits.choose_move", encounter_id=encounter_id)}
    return problem(409, text("The visit was not changed"), say(refused.message), kept=text("Your present time is kept."), actions=[back])


@visits.get("/visits/<encounter_id>/cancel")
@needs("encounter.cancel", about="encounter_id")
def ask_cancel(encounter_id: str) -> ResponseReturnValue:
    """Say what cancelling does, then ask."""
    with looking():
        found = service.visit(encounter_id)
        return render("toubib/visits/cancel.html", visit=found, card=directory.role(found.practitioner_role_id), when=when(found.starts_at, found.zone))


@visits.post("/visits/<encounter_id>/cancel")
@needs("encounter.cancel", about="encounter_id")
def cancel(encounter_id: str) -> ResponseReturnValue:
    """Cancel: the time is free at once, what was held is released."""
    with acting():
        refused = service.cancel(encounter_id, "patient")
    if refused is not None:
        return _kept(encounter_id, refused)
    flash(text("Your visit is cancelled. Whatever was held on your card is released."), "done")
    return redirect(url_for("visits.visit", encounter_id=encounter_id))
