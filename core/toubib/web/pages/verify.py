"""The page for pharmacists: is the paper in my hand what its prescriber signed? Date and prescriber, content never."""

from datetime import datetime
from typing import Any

from babel.dates import format_date
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlmodel import select

from toubib import i18n
from toubib.contracts.identity import Actor, ActorKind
from toubib.db import across_organisations, database, session
from toubib.db.tables.prescriptions import Prescription
from toubib.seams import clock
from toubib.services import directory, limits, prescriptions
from toubib.services.limits import TooMany
from toubib.services.prescriptions import CODE_DIGITS
from toubib.services.secrets import fingerprint
from toubib.web import acting, public, render, text
from toubib.web.shell import say

verify = Blueprint("verify", __name__)

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
    with database().reading(Actor(ActorKind.PHARMACIST)), across_organisations("the code names the prescription"):
        row = prescriptions.verify(digits)
        answer = _answer(row) if row else None
    return _page(200, answer=answer) if answer else _page(404, typed=typed, answer=_unknown())


def _page(status: int = 200, *, typed: str = "", error: str = "", answer: dict[str, Any] | None = None) -> ResponseReturnValue:
    return render("toubib/verify/form.html", status, typed=typed, error=error, answer=answer, digits=CODE_DIGITS)


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
