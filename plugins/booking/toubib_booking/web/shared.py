"""What all pages of the plugin share: the blueprint, the ways between the pages, words for ways to meet and weekdays."""

from collections.abc import Iterable, Mapping
from typing import Any

from babel.dates import get_day_names
from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Message
from toubib.contracts.scheduling import Modality
from toubib.services import countries, delegations, directory
from toubib.web import current_actor, render, text
from toubib_booking.calendars import Calendars
from toubib_booking.scheduler import BookingScheduler
from toubib_booking.texts import say

blueprint = Blueprint("booking", __name__)

GRIDS = (5, 10, 15, 20, 30, 45, 60)
WAYS = {Modality.VIDEO: say("Video"), Modality.IN_PERSON: say("In person"), Modality.PHONE: say("Telephone")}
ICONS = {Modality.VIDEO: "video", Modality.IN_PERSON: "map-pin", Modality.PHONE: "phone"}
DONE = {
    "added": say("Added. It counts from now on."),
    "removed": say("Removed. Appointments that are already booked stay."),
    "saved": say("Saved. Appointments that are already booked keep their length and price."),
    "moved": say("Moved. The patient gets a new invitation by mail."),
    "cancelled": say("Cancelled. The time is free again, and the patient is told by mail."),
    "gone": say("This entry had been removed already."),
}
_TABS = {
    "agenda": say("Agenda"),
    "hours": say("Opening hours"),
    "exceptions": say("Absences and extra openings"),
    "services": say("Visit reasons"),
}


def words(message: Message) -> str:
    """A message in the reader's language."""
    return text(message.key, message.domain, **message.params)


def spoken(errors: Mapping[str, Message]) -> dict[str, str]:
    """What is wrong, by field, in the reader's language."""
    return {name: words(message) for name, message in errors.items()}


def page(template: str, role_id: str, tab: str, status: int = 200, *, title: Message | None = None, **context: Any) -> Response:
    """A page of one agenda, with its heading, its tabs and what was just done. Inside no unit of work but a reading one."""
    card = directory.role(role_id)
    done = DONE.get(request.args.get("done", ""))
    heading = {
        "who": card.name,
        "where": card.organisation,
        "zone": words(say("Times in %(zone)s", zone=card.zone)),
        "tabs": [{"label": words(label), "href": url_for(f"booking.{name}", role_id=role_id), "current": name == tab} for name, label in _TABS.items()],
        "title": words(title or _TABS[tab]),
        "agendas": _agendas(role_id),
    }
    nav = [
        {"href": url_for("practice.worklist"), "label": words(say("Today")), "current": False},
        {"href": url_for("booking.agenda", role_id=role_id), "label": words(_TABS["agenda"]), "current": True},
    ]
    notices = [{"kind": "done", "text": words(done)}] if done else []
    return render(f"booking/{template}.html", status, heading=heading, role_id=role_id, nav=nav, notices=notices, **context)


def _agendas(role_id: str) -> list[dict[str, Any]]:
    """The agendas that the viewer runs, to go between them; none to choose from when it is one."""
    cards = directory.roles(delegations.agendas_of(current_actor()))
    shown = sorted(cards.values(), key=lambda card: (card.name, card.organisation))
    return [{"label": c.name, "href": url_for("booking.agenda", role_id=c.id), "current": c.id == role_id} for c in shown] if len(shown) > 1 else []


def done(tab: str, what: str, role_id: str, day: str | None = None) -> ResponseReturnValue:
    """Go to a page of the agenda that says what was done."""
    return redirect(url_for(f"booking.{tab}", role_id=role_id, day=day, done=what), 303)


def own_scheduler() -> BookingScheduler:
    """This plugin's scheduler, with calendars made for this request only."""
    return BookingScheduler(Calendars(countries.holidays, 1))


def ways(modalities: Iterable[str]) -> str:
    """Ways to meet, as one text."""
    return ", ".join(words(WAYS[Modality(modality)]) for modality in modalities)


def way(modality: str) -> dict[str, str]:
    """A way to meet with its symbol."""
    return {"icon": ICONS[Modality(modality)], "label": words(WAYS[Modality(modality)])}


def way_options() -> list[dict[str, str]]:
    """Every way to meet, to choose from."""
    return [{"value": modality.value, **way(modality)} for modality in Modality]


def weekday_options() -> list[dict[str, str]]:
    """The days of the week, Monday first."""
    return [{"value": str(number), "label": name} for number, name in weekdays().items()]


def weekdays() -> dict[int, str]:
    """Names of the days of the week; 0 is Monday."""
    return {number: str(name).capitalize() for number, name in sorted(get_day_names("wide", locale=i18n.locale()).items())}


def grid_options() -> list[dict[str, str]]:
    """How often visits may begin."""
    return [{"value": str(every), "label": words(say("every %(minutes)s minutes", minutes=every))} for every in GRIDS]
