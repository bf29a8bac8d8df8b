"""Finding a practitioner: the first page, the results, the profile with its slots. Open to everybody, plain GET."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.units import format_unit
from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n, runtime
from toubib.contracts.common import Period
from toubib.contracts.country import Gazetteer
from toubib.contracts.scheduling import Modality, Offer, OfferQuery, Service
from toubib.seams import clock
from toubib.services import countries, directory, journey
from toubib.services import search as finder
from toubib.services.directory import RoleCard
from toubib.web import looking, not_found, public, render, slots, text
from toubib.web.shell import money, say

search = Blueprint("search", __name__)


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


WAYS = {Modality.VIDEO: ("video", _("By video")), Modality.IN_PERSON: ("map-pin", _("In person")), Modality.PHONE: ("phone", _("By telephone"))}
SHOWN_DAYS = 7
SHOWN_STARTS = 200
NEXT_SLOTS = 3


@search.get("/find")
@public("where one looks for a practitioner")
def home() -> ResponseReturnValue:
    """One sentence as a form, and who receives soonest."""
    with looking():
        return render("toubib/search/home.html", search=_sentence(finder.SearchQuery()), gazetteer=_gazetteer())


@search.get("/search")
@public("finds practitioners")
def results() -> ResponseReturnValue:
    """Who fits, earliest first."""
    query = finder.SearchQuery(*(request.args.get(k, "").strip()[:80] for k in ("what", "where", "language", "sector", "modality")))
    with looking():
        found = finder.search(query)
        soon = {f.card.id: _next_slots(f) for f in found.found[:20]}
        cards = [_card(f, soon[f.card.id]) for f in found.found[:20]]
        return render(
            "toubib/search/results.html",
            search=_sentence(query, place_unknown=found.place_unknown),
            cards=cards,
            count=len(found.found),
            place=found.place.name if found.place else "",
            filters=_filters(query, found),
            elsewhere=_elsewhere(query, found),
            emergency_numbers=_numbers(found.place.country if found.place else ""),
            gazetteer=_gazetteer(),
        )


@search.get("/places")
@public("suggests places from the gazetteer")
def places() -> ResponseReturnValue:
    """Places whose name or postcode begins with what was typed."""
    typed = request.args.get("where", "").strip()[:60]
    found = countries.places(typed, 8) if typed else ()
    return {"places": [f"{p.name} ({p.postcode})" if p.postcode else p.name for p in found]}


@search.get("/search/order")
@public("explains the order of results")
def order() -> ResponseReturnValue:
    """How the order of results is made."""
    return render("toubib/search/order.html")


@search.get("/practitioners/<slug>")
@public("a practitioner's public page")
def profile(slug: str) -> ResponseReturnValue:
    """Who they are, what they offer, and when."""
    with looking():
        cards = directory.by_slug(slug)
        if not cards:
            return not_found()
        card = next((c for c in cards if c.id == request.args.get("role")), cards[0])
        services = list(runtime.current().scheduler.services([card.id]).get(card.id, ()))
        chosen = next((s for s in services if s.id == request.args.get("reason")), services[0] if services else None)
        start = first_day(request.args.get("from", ""), card.zone)
        return render(
            "toubib/search/profile.html",
            head=_head(card, services),
            card=card,
            about=i18n.localised(card.about) if card.about else "",
            reasons=[_reason(s, card, chosen=s is chosen) for s in services],
            chosen=_chosen(chosen) if chosen else None,
            picker=_picker(card, chosen, start) if chosen else None,
            policy=_policy(chosen) if chosen else None,
            facts=_facts(card),
            lines=slots.fill("profile.facts", [card.id])[card.id],
        )


@search.get("/practices/<slug>")
@public("a practice's public page")
def practice(slug: str) -> ResponseReturnValue:
    """A practice, and who receives there."""
    with looking():
        cards = directory.of_practice(slug)
        if not cards:
            return not_found()
        found = finder.search(finder.SearchQuery())
        here = [f for f in found.found if f.card.organisation_slug == slug]
        return render("toubib/search/practice.html", practice=cards[0], cards=[_card(f, _next_slots(f)) for f in here])


def _sentence(query: finder.SearchQuery, *, place_unknown: bool = False) -> dict[str, Any]:
    labels = sorted(set(_offered_professions().values()))
    error = text("This place is not known. Write a town or a postcode.") if place_unknown else ""
    return {
        "action": url_for("search.results"),
        "what": {"name": "what", "value": query.what, "suggestions": labels},
        "where": {"name": "where", "value": query.where, "error": error},
    }


def _offered_professions() -> Mapping[str, str]:
    labels = finder.profession_labels()
    offered = {c.specialty or c.profession for c in directory.bookable()}
    return {code: label for code, label in labels.items() if code in offered}


def _next_slots(found: finder.Found) -> Sequence[Offer]:
    if found.earliest is None or found.earliest_service is None:
        return ()
    window = Period(clock.now(), found.earliest + timedelta(days=3))
    return runtime.current().scheduler.offers(OfferQuery(found.earliest_service.id, window, NEXT_SLOTS))


def _card(found: finder.Found, starts: Sequence[Offer]) -> dict[str, Any]:
    card = found.card
    href = url_for("search.profile", slug=card.slug, role=card.id)
    reason = found.earliest_service
    ways = list(dict.fromkeys(s.modality for s in found.services))
    made = {
        "name": card.name,
        "title": _profession(card),
        "href": href,
        "sector": _sector(card),
        "place": f"{card.organisation}, {card.postcode} {card.city}",
        "distance": _distance(found.distance_metres) if Modality.IN_PERSON in ways else "",
        "languages": ", ".join(_language(code) for code in card.languages),
        "ways": [{"icon": WAYS[w][0], "label": text(WAYS[w][1])} for w in ways],
        "slots": [slot(o, with_day=True) for o in starts],
        "slot_name": "start",
        "more": {"label": text("All times of %(name)s", name=card.name), "href": href, "kind": "secondary"},
        "price": _price(reason) if reason else "",
        "price_note": text("for “%(reason)s”", reason=i18n.localised(reason.name)) if reason and _price(reason) else "",
        "none": "" if starts else text("No time is free in the coming weeks."),
    }
    if reason:
        made |= {"post": url_for("booking_flow.hold"), "fields": {"service": reason.id}}
    return made


NOON, EVENING = 12, 18
"""Hours of the practice's clock at which the afternoon and the evening begin."""


def slot(offer: Offer, *, with_day: bool = False) -> dict[str, Any]:
    """A bookable start as the components show it; its spoken name is the whole sentence."""
    at, zone = offer.period.start, offer.zone
    icon, way = WAYS[offer.service.modality]
    spoken = f"{i18n.moment(at, zone)}, {text(way).lower()}"
    shown = {"value": at.isoformat(), "label": i18n.clock_time(at, zone), "spoken": spoken, "icon": icon, "part": _part(at, zone)}
    if with_day:
        shown["day"] = _short_day(at, zone)
    if own := _own_time(at, zone):
        shown |= {"second": own, "spoken": f"{shown['spoken']} ({own})"}
    return shown


def _part(at: datetime, zone: str) -> int:
    """The part of the practice's day: 0 morning, 1 afternoon, 2 evening."""
    hour = at.astimezone(ZoneInfo(zone)).hour
    return (hour >= NOON) + (hour >= EVENING)


def _own_time(at: datetime, zone: str) -> str:
    """The time on the reader's own clock, where it differs from the practice's."""
    own = ZoneInfo(i18n.zone())
    if at.astimezone(own).utcoffset() == at.astimezone(ZoneInfo(zone)).utcoffset():
        return ""
    return text("%(time)s in %(city)s", time=i18n.clock_time(at, own.key), city=own.key.rpartition("/")[2].replace("_", " "))


def _short_day(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone)).date()
    today = clock.today(zone)
    if local == today:
        return text("Today")
    if local == today + timedelta(days=1):
        return text("Tomorrow")
    return i18n.weekday(local, short=True)


def _head(card: RoleCard, services: Sequence[Service]) -> dict[str, Any]:
    ways = list(dict.fromkeys(s.modality for s in services))
    return {
        "name": card.name,
        "title": _profession(card),
        "href": "",
        "sector": _sector(card),
        "place": f"{card.organisation}, {card.street}, {card.postcode} {card.city}",
        "languages": ", ".join(_language(code) for code in card.languages),
        "ways": [{"icon": WAYS[w][0], "label": text(WAYS[w][1])} for w in ways],
        "slots": [],
    }


def _profession(card: RoleCard) -> str:
    return finder.profession_labels().get(card.specialty or card.profession, card.title)


def _sector(card: RoleCard) -> str:
    toubib = runtime.current()
    if not journey.money_is_spoken_of():
        return ""
    for country in toubib.registry.countries.values():
        if card.sector in country.fee_sectors():
            return say(country.fee_sectors()[card.sector])
    return ""


def _language(code: str) -> str:
    return str(Locale.parse(code).get_display_name(i18n.locale()) or code)


def _distance(metres: int | None) -> str:
    if metres is None:
        return ""
    if metres < 1000:
        return text("less than 1 km away")
    return text("%(km)s km away", km=str(round(metres / 1000)))


def _price(service: Service) -> str:
    return money(service.price.minor, service.price.currency) if journey.money_is_spoken_of() else ""


def _reason(service: Service, card: RoleCard, *, chosen: bool) -> dict[str, Any]:
    said = (i18n.localised(service.name), text(WAYS[service.modality][1]).lower(), _price(service))
    return {
        "label": " · ".join(part for part in said if part),
        "href": url_for("search.profile", slug=card.slug, role=card.id, reason=service.id) + "#slots",
        "current": chosen,
    }


def _chosen(service: Service) -> dict[str, Any]:
    return {
        "name": i18n.localised(service.name),
        "minutes": service.minutes,
        "way": text(WAYS[service.modality][1]),
        "price": _price(service),
    }


def _policy(service: Service) -> dict[str, str]:
    policy = runtime.current().scheduler.policy(service.id)
    hours, odd = divmod(policy.cancel_until_minutes, 60)
    amount, unit = (policy.cancel_until_minutes, "duration-minute") if odd else (hours, "duration-hour")
    return {
        "cut_off": format_unit(amount, unit, locale=i18n.locale()) if amount else "",
        "no_show": i18n.money(policy.no_show_fee) if policy.no_show_fee and journey.money_is_spoken_of() else "",
    }


def first_day(given: str, zone: str) -> datetime:
    """Midnight of the day asked for, in the zone: today at the earliest, within a year."""
    today = clock.now().astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        asked = datetime.fromisoformat(given).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        return today
    return max(today, min(asked, today + timedelta(days=365)))


def _picker(card: RoleCard, service: Service, start: datetime) -> dict[str, Any]:
    return slot_picker(
        service.id,
        card.zone,
        start,
        post=url_for("booking_flow.hold"),
        link=lambda day: url_for("search.profile", slug=card.slug, role=card.id, reason=service.id, **{"from": day}) + "#slots",
        fields={"service": service.id},
    )


def slot_picker(service_id: str, zone: str, start: datetime, *, post: str, link: Any, fields: Mapping[str, str]) -> dict[str, Any]:
    """A week of starts from a day on; skips to the first day with a free start when the week is empty."""
    scheduler = runtime.current().scheduler
    if start <= clock.now() + timedelta(hours=24) and (first := scheduler.earliest([service_id], clock.now()).get(service_id)):
        start = max(start, first.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0))
    end = start + timedelta(days=SHOWN_DAYS)
    offers = scheduler.offers(OfferQuery(service_id, Period(start, end), SHOWN_STARTS))
    by_day = {d: list(g) for d, g in groupby(offers, key=lambda o: o.period.start.astimezone(ZoneInfo(zone)).date())}
    shown = _whole_days(len(by_day), len(offers))
    if shown < SHOWN_DAYS:
        end = start + timedelta(days=shown)
    days = []
    for offset in range(shown):
        day = (start + timedelta(days=offset)).date()
        label = i18n.weekday(day)
        slots = [slot(o) for o in by_day.get(day, ())]
        short = i18n.weekday(day, short=True)
        days.append({"iso": day.isoformat(), "label": label, "short": short, "slots": slots, "note": "" if slots else text("No time")})
    picker: dict[str, Any] = {
        "post": post,
        "fields": dict(fields),
        "name": "start",
        "zone": text("Times in %(city)s", city=zone.rpartition("/")[2].replace("_", " ")),
        "days": days,
        "later": {"label": text("Later days"), "href": link(end.date().isoformat()), "kind": "secondary"},
        "none": "" if offers else text("No time is free in these days."),
    }
    if start.date() > clock.today(zone):
        earlier = (start - timedelta(days=SHOWN_DAYS)).date().isoformat()
        picker["earlier"] = {"label": text("Earlier days"), "href": link(earlier), "kind": "secondary"}
    return picker


def _whole_days(with_starts: int, starts: int) -> int:
    """How many days to show: a week, or fewer where a day has so many starts that a week would not fit a page."""
    return SHOWN_DAYS if starts < SHOWN_STARTS else max(1, with_starts - 1)


def _facts(card: RoleCard) -> list[dict[str, str]]:
    facts = [{"term": text("Registry number"), "text": f"{card.registry_key} {card.registry_number}"}] if card.registry_number else []
    facts.append({"term": text("Languages"), "text": ", ".join(_language(code) for code in card.languages)})
    if sector := _sector(card):
        facts.append({"term": text("Fees"), "text": sector})
    facts.append({"term": text("Address"), "text": f"{card.organisation}, {card.street}, {card.postcode} {card.city}"})
    if card.phone:
        facts.append({"term": text("Telephone"), "text": card.phone, "href": f"tel:{card.phone.replace(' ', '')}"})
    return facts


def _filters(query: finder.SearchQuery, found: finder.SearchResult) -> list[dict[str, Any]]:
    groups = []
    names: dict[str, Any] = {
        "modality": (text("How"), lambda v: text(WAYS[Modality(v)][1])),
        "language": (text("Language"), _language),
    } | ({"sector": (text("Fees"), _sector_name)} if journey.money_is_spoken_of() else {})
    present = {k: getattr(query, k) for k in ("what", "where", "language", "sector", "modality")}
    for key, (label, name) in names.items():
        options = []
        for value, count in sorted(found.counts.get(key, {}).items()):
            on = present[key] == value
            options.append(
                {"label": name(value), "count": count, "on": on, "href": _results({**present, key: "" if on else value})}
            )
        groups.append({"label": label, "options": options})
    return [g for g in groups if g["options"]]


def _results(values: Mapping[str, str]) -> str:
    return f"{url_for('search.results')}?{urlencode({k: v for k, v in values.items() if v})}"


def _sector_name(code: str) -> str:
    for country in runtime.current().registry.countries.values():
        if code in country.fee_sectors():
            return say(country.fee_sectors()[code])
    return code


def _elsewhere(query: finder.SearchQuery, found: finder.SearchResult) -> list[dict[str, str]]:
    """What to do when nobody fits: wider, by video, then the telephone."""
    actions = []
    if found.elsewhere:
        actions.append({"label": text("Search everywhere"), "href": url_for("search.results", what=query.what), "kind": "primary"})
    if query.modality != "video" and runtime.current().settings.use.media:
        actions.append({"label": text("Search by video"), "href": url_for("search.results", what=query.what, modality="video"), "kind": "secondary"})
    actions.append({"label": text("Start again"), "href": url_for("search.home"), "kind": "secondary"})
    return actions


def _numbers(country: str) -> list[dict[str, str]]:
    """The numbers of the place that was searched, else those that work wherever the visitor may be."""
    numbers = countries.emergency_numbers(country) if country else countries.emergency_anywhere()
    return [{"number": n.number, "label": say(n.label)} for n in numbers]


def _gazetteer() -> str:
    return " ".join(_source(country.gazetteer) for country in countries.in_use() if country.gazetteer)


def _source(gazetteer: Gazetteer) -> str:
    as_of = format_date(gazetteer.as_of, "long", locale=i18n.locale())
    return text("Places: %(source)s, %(licence)s, as of %(date)s.", source=gazetteer.source, licence=gazetteer.licence, date=as_of)
