"""A practice's week as a front door: who receives on which day, and the free times at a glance. Open to everybody, plain GET."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n, runtime
from toubib.contracts.common import Period
from toubib.contracts.scheduling import Offer, OfferQuery, Service
from toubib.seams import clock
from toubib.services import directory
from toubib.services.directory import RoleCard
from toubib.web import looking, public, render, text
from toubib.web.pages.search import first_day, slot

week = Blueprint("week", __name__)
DAYS = 7
MOST_STARTS = 300


@week.get("/week")
@public("the free times of a practice's week")
def of_practice() -> ResponseReturnValue:
    """The week of the practice that the deployment names (or of its first one), from a day on."""
    with looking():
        cards = _receiving()
        if not cards:
            return render("toubib/search/week.html", practice=None, days=[], turn={})
        zone = cards[0].zone
        start = first_day(request.args.get("from", ""), zone)
        rows = [(card, _first_reason(card)) for card in cards]
        starts = {card.id: _starts(service, start) for card, service in rows if service}
        days = [_day(start.date() + timedelta(days=n), rows, starts) for n in range(DAYS)]
        return render("toubib/search/week.html", practice=cards[0], days=days, turn=_turn(start, zone))


def _receiving() -> Sequence[RoleCard]:
    wanted = runtime.current().settings.site.practice
    cards = directory.of_practice(wanted) if wanted else directory.bookable()
    first = cards[0].organisation_id if cards else ""
    return [card for card in cards if card.organisation_id == first]


def _first_reason(card: RoleCard) -> Service | None:
    return next(iter(runtime.current().scheduler.services([card.id]).get(card.id, ())), None)


def _starts(service: Service, start: datetime) -> dict[date, list[Offer]]:
    period = Period(start, start + timedelta(days=DAYS))
    offers = runtime.current().scheduler.offers(OfferQuery(service.id, period, MOST_STARTS))
    return {d: list(g) for d, g in groupby(offers, key=lambda o: o.period.start.astimezone(ZoneInfo(o.zone)).date())}


def _day(day: date, rows: Sequence[tuple[RoleCard, Service | None]], starts: dict[str, dict[date, list[Offer]]]) -> dict[str, Any]:
    lines = [_line(card, service, starts[card.id].get(day, [])) for card, service in rows if service]
    return {
        "iso": day.isoformat(),
        "label": i18n.weekday(day),
        "past": day < clock.today(rows[0][0].zone),
        "lines": [line for line in lines if line["slots"]],
    }


def _line(card: RoleCard, service: Service, offers: Sequence[Offer]) -> dict[str, Any]:
    return {
        "name": card.name,
        "title": card.title,
        "href": url_for("search.profile", slug=card.slug, role=card.id) + "#slots",
        "reason": text("%(reason)s, %(minutes)s minutes", reason=i18n.localised(service.name), minutes=service.minutes),
        "fields": {"service": service.id},
        "slots": [slot(offer) | {"icon": ""} for offer in offers],
    }


def _turn(start: datetime, zone: str) -> dict[str, Any]:
    later = {"label": text("Next week"), "href": _from(start + timedelta(days=DAYS))}
    if start.date() <= clock.today(zone):
        return {"later": later | {"kind": "secondary"}}
    earlier = _from(start - timedelta(days=DAYS))
    return {"later": later | {"kind": "secondary"}, "earlier": {"label": text("Week before"), "href": earlier, "kind": "secondary"}}


def _from(start: datetime) -> str:
    return f"{url_for('week.of_practice')}?{urlencode({'from': start.date().isoformat()})}"
