"""The page for pharmacists: is the paper in my hand what its prescriber signed? Date and prescriber, content never.

With the patient's own code beside it, the lines, and what was handed out of them: all or a part, once, and undone when it was wrong.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from babel.dates import format_date
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlmodel import select

from toubib import i18n
from toubib.audit import trail
from toubib.contracts.common import Message, Refused
from toubib.contracts.identity import Actor, ActorKind
from toubib.db import across_organisations, database, session
from toubib.db.tables.prescriptions import Prescription
from toubib.seams import clock
from toubib.services import directory, dispensing, limits, people, prescriptions
from toubib.services.limits import TooMany
from toubib.services.prescriptions import CODE_DIGITS
from toubib.services.secrets import fingerprint
from toubib.web import acting, current_actor, prescribing, public, render, text
from toubib.web.shell import say

verify = Blueprint("verify", __name__)

PHARMACIST = Actor(ActorKind.PHARMACIST)
LONGEST_NAME = 120
TRIES_PER_HOUR = 60
"""A busy pharmacy behind one address stays below it; guessing sixteen digits does not come near."""


@verify.get("/verify")
@public("where a pharmacist types a code")
def form() -> ResponseReturnValue:
    """Ask for the code. An address with `?code=` fills it in; nothing is asked before the button is pressed."""
    return _page(typed=request.args.get("code", "")[:40])


@verify.post("/verify")
@public("says whether a prescription is authentic, and nothing of its content")
def check() -> ResponseReturnValue:
    """Answer for a code."""
    typed = request.form.get("code", "")[:80]
    digits = "".join(c for c in typed if c.isdigit())
    try:
        with acting():
            limits.count("verify", fingerprint(request.remote_addr or ""), per_hour=TRIES_PER_HOUR)
    except TooMany as stopped:
        return _page(429, typed=typed, error=say(stopped.message))
    if len(digits) != CODE_DIGITS:
        wrong = text("The code under the square has %(digits)s digits; %(typed)s were typed. Type it again.", digits=CODE_DIGITS, typed=len(digits))
        return _page(422, typed=typed, error=wrong)
    with database().reading(PHARMACIST), across_organisations("the code names the prescription"):
        row = prescriptions.verify(digits)
        answer = _answer(row) if row else None
        holds = row is not None and _holds(row)
    return _page(200, typed=digits, answer=answer, holds=holds) if answer else _page(404, typed=typed, answer=_unknown())


def _page(
    status: int = 200, *, typed: str = "", error: str = "", answer: dict[str, Any] | None = None, holds: bool = False, errors: dict[str, str] | None = None
) -> ResponseReturnValue:
    """The form, with the answer for a code; where the prescription holds, also the way to its lines."""
    context = {"typed": typed, "error": error, "answer": answer, "holds": holds, "errors": errors or {}, "digits": CODE_DIGITS}
    pharmacy = request.form.get("pharmacy", "")[:LONGEST_NAME]
    return render("toubib/verify/form.html", status, **context, patient_digits=dispensing.PATIENT_DIGITS, pharmacy=pharmacy)


def _holds(row: Prescription) -> bool:
    zone = directory.role(row.practitioner_role_id).zone
    return row.status == "issued" and not (row.valid_until and clock.today(zone) > row.valid_until)


@verify.post("/verify/lines")
@public("shows a prescription's lines to whoever holds its code and the patient's")
def lines() -> ResponseReturnValue:
    """The lines, for a pharmacy that was shown the patient's own code of the day."""
    return _with_both_codes(lambda _row, _pharmacy: None)


@verify.post("/verify/dispense")
@public("records what was handed out, for whoever holds the prescription's code and the patient's")
def dispense() -> ResponseReturnValue:
    """Record a line as handed out, all that is left of it or a part."""
    line, quantity = request.form.get("line", ""), request.form.get("quantity", "").strip()[:LONGEST_NAME]

    def record(row: Prescription, pharmacy: str) -> Refused | None:
        if request.form.get("part") and not quantity:
            return Refused("quantity", Message(i18n.CORE, "Write how much of it you hand out."))
        return dispensing.dispense(row.id, line, pharmacy, quantity if request.form.get("part") else "")

    return _with_both_codes(record)


@verify.post("/verify/undo")
@public("marks a wrong entry, for whoever holds the prescription's code and the patient's")
def undo() -> ResponseReturnValue:
    """Mark an entry as wrong; it stays readable."""
    return _with_both_codes(lambda row, pharmacy: dispensing.undo(row.id, request.form.get("entry", ""), pharmacy))


def _with_both_codes(act: Callable[[Prescription, str], Refused | None]) -> ResponseReturnValue:
    """Do something with the prescription behind both codes, then show its lines as they stand."""
    digits, typed = request.form.get("code", "")[:80], request.form.get("patient_code", "")[:20]
    pharmacy = " ".join(request.form.get("pharmacy", "").split())[:LONGEST_NAME]
    # the page that follows names who is signed in, and cannot ask for it within the unit of work
    current_actor()
    try:
        with database().unit_of_work(PHARMACIST), across_organisations("both codes name the prescription"):
            limits.count("verify", fingerprint(request.remote_addr or ""), per_hour=TRIES_PER_HOUR)
            row = prescriptions.verify(digits)
            if row is None:
                return _page(404, typed=digits, answer=_unknown())
            errors = {} if pharmacy else {"pharmacy": text("Write the name and town of your pharmacy: the patient reads it.")}
            if not dispensing.confirmed(row.id, typed):
                errors["patient_code"] = text("This is not the patient's code of today. The patient finds it on the visit's page.")
            if errors:
                return _page(422, typed=digits, answer=_answer(row), holds=_holds(row), errors=errors)
            refused = act(row, pharmacy)
            return _lines(row, pharmacy, refused)
    except TooMany as stopped:
        return _page(429, typed=digits, error=say(stopped.message))


def _lines(row: Prescription, pharmacy: str, refused: Refused | None) -> ResponseReturnValue:
    trail.read("prescription", [row.id], organisation_id=row.organisation_id, person_id=row.person_id)
    patient = people.traits(row.person_id)
    born = prescribing.short_day(patient.birth_date) if patient.birth_date else ""
    context: dict[str, Any] = {
        "lines": [_line(line) for line in dispensing.lines(row.id)],
        "holds": _holds(row),
        "answer": _answer(row),
        "patient": f"{i18n.person_name(patient.given_names, patient.family_name)}, {born}",
        "refused": say(refused.message) if refused else "",
        "keys": {"code": request.form.get("code", ""), "patient_code": request.form.get("patient_code", ""), "pharmacy": pharmacy},
        "pharmacy": pharmacy,
    }
    return render("toubib/verify/lines.html", 409 if refused else 200, **context)


def _line(line: dispensing.Line) -> dict[str, Any]:
    entries = zip(line.entries, prescribing.given(line), strict=True)
    return {
        "id": line.id,
        "drug": line.drug.text,
        "sentence": prescribing.sentence(line.drug),
        "substitution": line.drug.not_substitutable,
        "entries": [{"id": entry.id, "text": said, "open": entry.undone_at is None} for entry, said in entries],
        "left": line.left,
        "begun": any(entry.undone_at is None for entry in line.entries),
    }


def _unknown() -> dict[str, Any]:
    return {
        "kind": "stop",
        "title": text("No prescription bears this code"),
        "sentence": text("Compare the digits with the paper and type them again. If they are right, do not rely on the paper: call its prescriber."),
        "facts": [],
    }


def _answer(row: Prescription) -> dict[str, Any]:
    """What may be said of a prescription: its standing, its date, its prescriber."""
    card = directory.role(row.practitioner_role_id)
    title = [{"term": text("Title"), "text": card.title}] if card.title else []
    facts = [
        {"term": text("Prescriber"), "text": card.name},
        *title,
        {"term": text("Signed on"), "text": _day(row.issued_at, card.zone)},
        {"term": text("Practice"), "text": f"{card.organisation}, {card.city}"},
        {"term": text("Telephone"), "text": card.phone, "href": f"tel:{card.phone.replace(' ', '')}"},
    ]
    if row.valid_until:
        facts.append({"term": text("Valid until"), "text": format_date(row.valid_until, "long", locale=i18n.locale())})
    return {**_standing(row, card.zone), "facts": [f for f in facts if f["text"]]}


def _standing(row: Prescription, zone: str) -> dict[str, str]:
    if row.status == "revoked":
        return {
            "kind": "stop",
            "title": text("Revoked"),
            "sentence": text("The prescriber withdrew it on %(day)s. Do not dispense on it.", day=_day(row.revoked_at, zone)),
        }
    if row.status == "replaced":
        newer = session().exec(select(Prescription).where(Prescription.replaces_id == row.id, Prescription.status == "issued")).first()
        sentence = text("Another one took its place. Ask the patient for that one.")
        if newer:
            sentence = text("Another one took its place on %(day)s. Ask the patient for that one.", day=_day(newer.issued_at, zone))
        return {"kind": "stop", "title": text("Replaced"), "sentence": sentence}
    if row.valid_until and clock.today(zone) > row.valid_until:
        return {"kind": "attention", "title": text("Authentic, but expired"), "sentence": text("It was signed here. Its time is over: do not dispense on it.")}
    return {
        "kind": "done",
        "title": text("Authentic"),
        "sentence": text("It was signed here and neither revoked nor replaced. Compare prescriber and date with the paper: this page does not show its lines."),
    }


def _day(at: datetime | None, zone: str) -> str:
    return i18n.day(at, zone) if at else ""
