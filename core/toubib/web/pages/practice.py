"""The practitioner's day: who waits, one consultation from admission to its end, and the prescription in it.

Closing a consultation takes five presses beside typing: add a drug, read again, sign, end, next patient.
"""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import ContractError, Message, Refused
from toubib.contracts.prescription import MedicationLine
from toubib.contracts.scheduling import Modality
from toubib.seams import clock
from toubib.services import accompaniment, care, countries, delegations, directory, dues, journey, missed, payments, prescriptions, settlement, visits
from toubib.services import room as rooms
from toubib.services import worklist as work
from toubib.services.care import AdmissionLine
from toubib.services.visits import Visit
from toubib.services.worklist import WorkLine
from toubib.web import acting, acts, current_actor, looking, needs, prescribing, render, slots, text
from toubib.web import consultation as parts
from toubib.web.shell import say

practice = Blueprint("practice", __name__)
log = structlog.get_logger("toubib.practice")

LONGEST_NOTE = 20_000


@practice.get("/practice")
@needs("site.staff")
def worklist() -> ResponseReturnValue:
    """Today's visits; who waits stands first. Asked again every few seconds, it reads names only when something changed."""
    actor = current_actor()
    with looking():
        seen = work.glimpse(actor)
        if request.args.get("seen", "") == seen:
            return "", 204
        lines = work.of_today(actor)
        badges = slots.fill("worklist.badges", [line.encounter_id for line in lines])
        names = sorted(card.name for card in directory.roles(delegations.agendas_of(actor)).values())
        table = {
            "caption": text("Visits of %(day)s", day=i18n.day(clock.now(), i18n.zone())),
            "rows": [{**_row(line, own=line.practitioner_role_id in actor.practitioner_roles), "lines": badges[line.encounter_id]} for line in lines],
            "empty": text("Nobody is expected today."),
        }
        waiting = parts.waiting_words([line.name for line in lines if line.waits])
    again = url_for("practice.worklist", seen=seen)
    return render("toubib/practice/worklist.html", worklist=table, waiting=waiting, again=again, names=names, nav=parts.navigation("today"))


def _row(line: WorkLine, *, own: bool) -> dict[str, object]:
    at_desk = url_for("desk.show", appointment_id=line.appointment_id)
    href = url_for("practice.consultation", encounter_id=line.encounter_id) if own else at_desk
    late = missed.patient_is_late(line.status, line.appointment_status, line.starts_at)
    desk = {"label": text("At the desk"), "href": at_desk, "kind": "quiet", "spoken": f"{text('At the desk')}, {line.name}"}
    return {
        "id": f"visit-{line.encounter_id}",
        "time": {"iso": line.starts_at.isoformat(), "text": _time(line)},
        "name": line.name,
        "about": parts.age(line.born, line.zone),
        "reason": line.service_name,
        "way": parts.way(line.modality),
        "state": parts.state("noshow" if line.appointment_status == "noshow" else "late" if late else line.status),
        "since": parts.waiting_for(line.arrived_at, line.zone) if line.waits else "",
        "waiting": line.waits,
        "href": href,
        "actions": [_action(line, href), desk] if own else [desk, *_beside(line)],
    }


def _beside(line: WorkLine) -> list[dict[str, str]]:
    """What somebody who treats, and runs this agenda for another, can do: join at the patient's side."""
    if not accompaniment.offered() or not current_actor().practitioner_roles or line.status not in accompaniment.LIVE:
        return []
    label = text("Join at the patient's side")
    return [{"label": label, "post": url_for("side.begin", encounter_id=line.encounter_id), "kind": "secondary", "spoken": f"{label}: {line.name}"}]


def _time(line: WorkLine) -> str:
    """The time of day; with its day when that is not today."""
    today = line.starts_at.astimezone(ZoneInfo(line.zone)).date() == clock.today(line.zone)
    return i18n.clock_time(line.starts_at, line.zone) if today else i18n.moment(line.starts_at, line.zone)


def _action(line: WorkLine, href: str) -> dict[str, str]:
    labels = {"arrived": text("Let in"), "in-progress": text("Go back in")}
    label = labels.get(line.status) or text("Open")
    return {"label": label, "href": href, "kind": "primary" if line.status in labels else "quiet", "spoken": f"{label} {line.name}"}


@practice.get("/practice/visits/<encounter_id>")
@needs("encounter.care", about="encounter_id")
def consultation(encounter_id: str) -> ResponseReturnValue:
    """One consultation as it stands: expected, waiting, in the room, over."""
    with acting():
        return _page(visits.visit(encounter_id))


def _page(found: Visit, status: int = 200, **typed: object) -> Response:
    if found.status == "in-progress":
        template = "call" if found.modality != Modality.IN_PERSON else "visit"
    else:
        template = {"planned": "visit", "arrived": "visit", "cancelled": "visit"}.get(found.status, "ended")
    if found.status == "arrived":
        rooms.arrive(found.encounter_id, rooms.participant(found.encounter_id, current_actor()))
    context = parts.page(found, **typed)
    return render(f"toubib/practice/{template}.html", status, countries=parts.countries(), emergency_numbers=parts.emergency(context["line"]), **context)


def _again(found: Visit, refused: Refused, **typed: object) -> Response:
    """The page once more with the reason, everything typed kept."""
    return _page(found, 409, refused=say(refused.message), **typed)


@practice.get("/practice/visits/<encounter_id>/presence")
@needs("encounter.care", about="encounter_id")
def presence(encounter_id: str) -> ResponseReturnValue:
    """Whether the patient is there, asked again every few seconds; without the region, the page has become another."""
    with looking():
        found = visits.visit(encounter_id)
        if found.status != request.args.get("was", ""):
            return render("toubib/room/moved_on.html")
        return render("toubib/practice/presence.html", **parts.presence(found))


@practice.post("/practice/visits/<encounter_id>/arrive")
@needs("encounter.care", about="encounter_id")
def arrive(encounter_id: str) -> ResponseReturnValue:
    """The patient of a visit at the practice is there."""
    return _refused(encounter_id, care.arrive) or _to(encounter_id)


def _refused(encounter_id: str, command: Callable[[str], Refused | None]) -> Response | None:
    """Give a command about a visit; the page with the reason when it was refused."""
    with acting():
        found = visits.visit(encounter_id)
        refused = command(encounter_id)
        return _again(found, refused) if refused else None


def _to(encounter_id: str) -> ResponseReturnValue:
    return redirect(url_for("practice.consultation", encounter_id=encounter_id), 303)


@practice.post("/practice/visits/<encounter_id>/admit")
@needs("encounter.care", about="encounter_id")
def admit(encounter_id: str) -> ResponseReturnValue:
    """Let the patient in, with the line that says who and where they are."""
    line = _typed_line()
    with acting():
        found = visits.visit(encounter_id)
        errors = _line_errors(found, line)
        if errors:
            return _page(found, 422, line=line, errors=errors)
        refused = care.admit(encounter_id, line)
        if refused is not None:
            return _again(visits.visit(encounter_id), refused, line=line)
    return _to(encounter_id)


@practice.post("/practice/visits/<encounter_id>/line")
@needs("encounter.care", about="encounter_id")
def correct_line(encounter_id: str) -> ResponseReturnValue:
    """Correct who and where the patient is, while they talk."""
    line = _typed_line()
    with acting():
        found = visits.visit(encounter_id)
        errors = _line_errors(found, line)
        if errors:
            return _page(found, 200 if _swaps() else 422, line=line, errors=errors)
        refused = care.correct_line(encounter_id, line)
        if refused is not None:
            return _page(visits.visit(encounter_id), 200 if _swaps() else 409, refused=say(refused.message), line=line)
    return _to(encounter_id)


def _swaps() -> bool:
    """Whether htmx asks; it takes no page with an error's status."""
    return "HX-Request" in request.headers


def _typed_line() -> AdmissionLine:
    form = request.form
    return AdmissionLine(
        form.get("identity_checked") == "1",
        form.get("country", "").strip()[:2],
        form.get("place", "").strip()[:300],
        form.get("phone", "").strip()[:40],
        form.get("others_present", "").strip()[:300],
    )


def _line_errors(found: Visit, line: AdmissionLine) -> dict[str, str]:
    if found.modality == Modality.IN_PERSON:
        return {}
    errors = {}
    if not line.place:
        errors["place"] = text("Write where the patient is now: an ambulance would be sent there.")
    if not line.country and countries.in_use():
        errors["country"] = text("Say in which country the patient is: the emergency number follows it.")
    if sum(c.isdigit() for c in line.phone) < 3:
        errors["phone"] = text("Write a number on which the patient can be called back.")
    return errors


@practice.post("/practice/visits/<encounter_id>/note")
@needs("encounter.care", about="encounter_id")
def note(encounter_id: str) -> ResponseReturnValue:
    """Keep the note as it is now: sent while it is typed, or by its button."""
    with acting():
        care.save_note(encounter_id, request.form.get("note", "")[:LONGEST_NOTE])
    return _to(encounter_id)


@practice.post("/practice/visits/<encounter_id>/end")
@needs("encounter.care", about="encounter_id")
def end(encounter_id: str) -> ResponseReturnValue:
    """End: note, acts, end and bill in one unit of work; then the money is taken while the practitioner waits."""
    typed = acts.Typed(tuple(request.form.getlist("acts")), request.form.get("fee", "").strip(), request.form.get("emergency") == "1")
    with acting():
        # a second press waits here for the first, and finds it done
        visits.locked(encounter_id)
        found = visits.visit(encounter_id)
        if found.status in ("finished", "settled"):
            return _to(encounter_id)
        if "note" in request.form and request.form["note"] != care.note(encounter_id):
            care.save_note(encounter_id, request.form["note"][:LONGEST_NOTE])
        stated = acts.state(encounter_id, typed) if journey.priced(found.journey) else None
        refused = _unsigned(encounter_id) or stated or care.end(encounter_id)
        if refused is not None:
            return _again(found, refused, acts=typed, acts_error=say(refused.message) if refused.rule in ("acts", "fee", "maximum") else "")
        settlement.settle(encounter_id)
    _collect(encounter_id)
    flash(text("The consultation is over. The bill is made.") if journey.priced(found.journey) else text("The consultation is over."), "done")
    return _to(encounter_id)


def _unsigned(encounter_id: str) -> Refused | None:
    draft = prescriptions.open_draft(encounter_id)
    if draft and prescriptions.lines(draft):
        return Refused("unsigned", Message(i18n.CORE, "A prescription is written and not signed. Sign it, or remove its lines, then end."))
    return None


def _collect(encounter_id: str) -> None:
    """Make the calls to payment providers that were ordered; what is not answered now is tried again by a job."""
    with looking():
        calls = [call for due in dues.of_encounter(encounter_id) for call in payments.open_calls(due.id)]
    try:
        payments.execute_all(calls)
    except (ContractError, payments.NotLoaded) as error:
        log.warning("a job goes on with it", encounter=encounter_id, error=type(error).__name__)


@practice.get("/practice/visits/<encounter_id>/unsuitable")
@needs("encounter.care", about="encounter_id")
def ask_unsuitable(encounter_id: str) -> ResponseReturnValue:
    """Say what ending without a fee does, then ask."""
    with looking():
        found = visits.visit(encounter_id)
        return render("toubib/practice/unsuitable.html", visit=found, name=parts.name_of(found), nav=parts.navigation("consultation"))


@practice.post("/practice/visits/<encounter_id>/unsuitable")
@needs("encounter.care", about="encounter_id")
def unsuitable(encounter_id: str) -> ResponseReturnValue:
    """Video does not suit: end without a fee, and show the times at the practice to offer instead."""
    if refused := _refused(encounter_id, care.unsuitable):
        return refused
    _collect(encounter_id)
    flash(text("Ended without a fee. What was held is released, and the patient is told by mail."), "done")
    return _to(encounter_id)


@practice.get("/practice/visits/<encounter_id>/prescription")
@needs("encounter.care", about="encounter_id")
def prescription(encounter_id: str) -> ResponseReturnValue:
    """The editor on a page of its own; the consultation shows the same one beside the call."""
    with looking():
        found = visits.visit(encounter_id)
        return _editor(found)


def _editor(found: Visit, status: int = 200, **shown: Any) -> Response:
    rx = prescribing.editor(found, **shown)
    context = {"visit": found, "rx": rx, "name": parts.name_of(found), "nav": parts.navigation("consultation")}
    return render("toubib/practice/prescription.html", 200 if _swaps() else status, **context)


@practice.post("/practice/visits/<encounter_id>/prescription")
@needs("encounter.care", about="encounter_id")
def write(encounter_id: str) -> ResponseReturnValue:
    """Keep all lines as typed, then do what the pressed button says: search, add, remove, or read again before signing."""
    form, lines = request.form, prescribing.typed_lines(request.form)
    with acting():
        found = visits.visit(encounter_id)
        if "add" in form or "free" in form:
            lines = prescribing.added(form, lines)
        elif "favourite" in form:
            lines = [*lines, *prescribing.favourite_lines(found.practitioner_role_id, form["favourite"])]
        elif form.get("remove", "").isdecimal():
            lines = [line for n, line in enumerate(lines) if n != int(form["remove"])]
        _keep(encounter_id, lines)
        if "sign" not in form:
            adding = "add" in form or "free" in form
            return _editor(found, query="" if adding else form.get("drug", "").strip()[:200])
        errors = prescriptions.incomplete(lines)
        blocks = prescriptions.rules(encounter_id, lines).blocks if lines and not errors else ()
        if blocks and found.status == "in-progress" and prescriptions.waits_for_call(encounter_id, lines):
            return _editor(found, 409, connecting=True)
        if errors or blocks or not lines:
            return _editor(found, 422, errors=errors, blocks=blocks or ([] if lines else [EMPTY]))
    return redirect(url_for("practice.sheet", encounter_id=encounter_id), 303)


EMPTY = Message(i18n.CORE, "This prescription has no line yet.")


def _keep(encounter_id: str, lines: list[MedicationLine]) -> None:
    draft = prescriptions.open_draft(encounter_id)
    if draft is None and lines:
        draft = prescriptions.draft(encounter_id)
    if draft is not None:
        prescriptions.set_lines(draft, lines)


@practice.get("/practice/visits/<encounter_id>/prescription/sign")
@needs("encounter.care", about="encounter_id")
def sheet(encounter_id: str) -> ResponseReturnValue:
    """Everything repeated; one press signs it."""
    with looking():
        found = visits.visit(encounter_id)
        draft = prescriptions.open_draft(encounter_id)
        lines = prescriptions.lines(draft) if draft else []
        if not lines:
            return redirect(url_for("practice.prescription", encounter_id=encounter_id), 303)
        return _sheet(found, lines)


def _sheet(found: Visit, lines: list[MedicationLine], refused: str = "") -> Response:
    rules = prescriptions.rules(found.encounter_id, lines)
    return render(
        "toubib/practice/sign.html",
        409 if refused and not _swaps() else 200,
        visit=found,
        sheet=prescribing.sheet(found, lines),
        seen=prescribing.seen_hash(lines),
        warnings=[say(m) for m in rules.warnings],
        refused=refused,
        nav=parts.navigation("consultation"),
    )


@practice.post("/practice/visits/<encounter_id>/prescription/sign")
@needs("encounter.care", about="encounter_id")
def sign(encounter_id: str) -> ResponseReturnValue:
    """Sign exactly what was shown; the document is made while the practitioner waits, or by a job."""
    with acting():
        found = visits.visit(encounter_id)
        draft = prescriptions.open_draft(encounter_id)
        if draft is None:
            return redirect(url_for("practice.prescription", encounter_id=encounter_id), 303)
        lines = prescriptions.lines(draft)
        if prescribing.seen_hash(lines) != request.form.get("seen", ""):
            return _sheet(found, lines, text("The lines changed since you read them, perhaps in another window. Read them again."))
        refused = prescriptions.issue(draft)
        if refused is not None:
            return _sheet(found, lines, say(refused.message))
    _make_document(draft)
    return redirect(url_for("practice.prescription", encounter_id=encounter_id), 303)


def _make_document(prescription_id: str) -> None:
    try:
        prescriptions.make_document(prescription_id)
    except Exception:  # whatever a carrier does, the prescription is signed and a job makes its document
        log.warning("a job makes the document", prescription=prescription_id, exc_info=True)
