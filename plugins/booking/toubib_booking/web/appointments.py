"""Moving and cancelling an appointment for the practice, with a reason."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Message, Period
from toubib.contracts.scheduling import Offer, OfferQuery
from toubib.seams import clock
from toubib.services import appointments, visits
from toubib.services.appointments import Line
from toubib.web import acting, looking, needs
from toubib.web.typed import instant
from toubib_booking.texts import say
from toubib_booking.web.shared import blueprint, done, own_scheduler, page, way, words

SHOWN_DAYS = 7


@blueprint.get("/appointments/<appointment_id>")
@needs("booking.appointment", "appointment_id")
def appointment(appointment_id: str) -> ResponseReturnValue:
    """One appointment, with the times to which it can be moved and a form to cancel it."""
    return _page(appointment_id, {})


@blueprint.post("/appointments/<appointment_id>/move")
@needs("booking.appointment", "appointment_id")
def move(appointment_id: str) -> ResponseReturnValue:
    """Give the appointment another start; the patient is told."""
    start = instant(request.form.get("slot", ""))
    if start is None:
        return _page(appointment_id, {"slot": words(say("Please choose a time."))})
    with acting():
        line = appointments.one(appointment_id)
        refused = visits.move(line.encounter_id, line.service_id, start)
    if refused is not None:
        return _page(appointment_id, {"slot": words(refused.message)}, 409)
    return done("agenda", "moved", role_id=line.practitioner_role_id, day=_day(start, line.zone))


@blueprint.post("/appointments/<appointment_id>/cancel")
@needs("booking.appointment", "appointment_id")
def cancel(appointment_id: str) -> ResponseReturnValue:
    """Cancel the appointment for a reason that is recorded; the patient is told and pays nothing."""
    reason = request.form.get("reason", "").strip()[:500]
    if not reason:
        return _page(appointment_id, {"reason": words(say("Please say why. The reason is recorded, and not sent to the patient."))})
    with acting():
        line = appointments.one(appointment_id)
        refused = visits.cancel(line.encounter_id, "practice", reason)
    if refused is not None:
        return _page(appointment_id, {"reason": words(refused.message)}, 409)
    return done("agenda", "cancelled", role_id=line.practitioner_role_id, day=_day(line.starts_at, line.zone))


def _page(appointment_id: str, errors: Mapping[str, str], status: int = 422) -> ResponseReturnValue:
    with looking():
        line = appointments.one(appointment_id)
        begin = instant(request.args.get("since", "")) or clock.now()
        window = Period(begin, begin + timedelta(days=SHOWN_DAYS))
        offers = own_scheduler().offers(OfferQuery(line.service_id, window, 500)) if line.status == "booked" else []
        return page(
            "appointment",
            line.practitioner_role_id,
            "agenda",
            status if errors else 200,
            title=say("Move or cancel"),
            line=_described(line),
            picker=_picker(line, offers, window),
            errors=errors,
            typed_reason=request.form.get("reason", ""),
            cancel_url=url_for("booking.cancel", appointment_id=appointment_id),
            back=url_for("booking.agenda", role_id=line.practitioner_role_id, day=_day(line.starts_at, line.zone)),
        )


def _described(line: Line) -> Mapping[str, Any]:
    entries: Sequence[tuple[Message, str]] = (
        (say("Patient"), line.patient or words(say("No name yet"))),
        (say("When"), i18n.moment(line.starts_at, line.zone)),
        (say("Reason"), line.service_name),
        (say("How"), way(line.modality)["label"]),
    )
    return {"entries": [{"term": words(term), "text": value} for term, value in entries], "booked": line.status == "booked"}


def _picker(line: Line, offers: Sequence[Offer], window: Period) -> Mapping[str, Any]:
    zone = ZoneInfo(line.zone)
    days = groupby(offers, key=lambda offer: offer.period.start.astimezone(zone).date())
    return {
        "post": url_for("booking.move", appointment_id=line.appointment_id),
        "heading": words(say("Move to")),
        "zone": words(say("Times in %(zone)s", zone=line.zone)),
        "days": [
            {"iso": day.isoformat(), "label": format_date(day, "full", locale=i18n.locale()), "slots": [_slot(offer, line) for offer in of_day]}
            for day, of_day in days
        ],
        "earlier": _turn(line, window.start - timedelta(days=SHOWN_DAYS), words(say("Earlier times"))) if window.start > clock.now() else None,
        "later": _turn(line, window.end, words(say("Later times"))),
        "none": "" if offers else words(say("No free time in these days.")),
    }


def _turn(line: Line, begin: datetime, label: str) -> Mapping[str, str]:
    href = url_for("booking.appointment", appointment_id=line.appointment_id, since=begin.isoformat())
    return {"label": label, "href": href, "kind": "secondary"}


def _slot(offer: Offer, line: Line) -> Mapping[str, str]:
    start = offer.period.start
    spoken = words(say("%(when)s, %(way)s", when=i18n.moment(start, line.zone), way=way(offer.service.modality)["label"]))
    return {"value": start.isoformat(), "label": i18n.clock_time(start, line.zone), "spoken": spoken}


def _day(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).date().isoformat()
