"""The practitioner's agenda: a day, a week, or the list of what comes."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from babel.dates import format_date
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Message, Period
from toubib.seams import clock
from toubib.services import appointments, countries, delegations, directory
from toubib.web import current_actor, looking, needs, not_found
from toubib_booking import editing
from toubib_booking.forms import at_wall
from toubib_booking.models import BreakRow, ExceptionRow, OpeningRow
from toubib_booking.texts import say
from toubib_booking.web.agenda_table import Content, list_rows, table_rows
from toubib_booking.web.shared import blueprint, page, words

VIEWS = {"day": 1, "week": 7, "list": 30}
_VIEW_NAMES = {"day": say("Day"), "week": say("Week"), "list": say("List")}


@blueprint.get("/")
@needs("booking.enter")
def enter() -> ResponseReturnValue:
    """The actor's own agenda, or the first of those they run for others."""
    with looking():
        roles = [*current_actor().practitioner_roles, *delegations.agendas_of(current_actor())]
    return redirect(url_for("booking.agenda", role_id=roles[0])) if roles else not_found()


@blueprint.get("/roles/<role_id>/agenda")
@needs("booking.read", "role_id")
def agenda(role_id: str) -> ResponseReturnValue:
    """One agenda, from `?day=` on, as `?view=` day, week or list."""
    view = request.args.get("view", "day")
    view = view if view in VIEWS else "day"
    with looking():
        zone = directory.role(role_id).zone
        today = clock.today(zone)
        first = _first(request.args.get("day", ""), today, view)
        days = [first + timedelta(days=n) for n in range(VIEWS[view])]
        window = Period(at_wall(days[0], 0, zone), at_wall(days[-1], 24 * 60, zone))
        content = Content(
            zone,
            appointments.of_role(role_id, window),
            editing.of_role(OpeningRow, role_id),
            editing.of_role(BreakRow, role_id),
            [row for row in editing.of_role(ExceptionRow, role_id) if row.starts_at < window.end and row.ends_at > window.start],
            _holidays(role_id, days),
        )
        return page("agenda", role_id, "agenda", agenda=_table(role_id, view, days, today, content))


def _holidays(role_id: str, days: list[date]) -> Mapping[date, Message]:
    """The public holidays of these years on which this practitioner does not receive."""
    row = editing.schedule_of(role_id)
    if row is None or row.open_on_holidays or not row.country:
        return {}
    years = {day.year for day in days}
    return {day: name for year in years for day, name in countries.holidays(row.country, row.region, year).items()}


def _first(asked: str, today: date, view: str) -> date:
    """The first day shown: a Monday for a week."""
    try:
        day = date.fromisoformat(asked) if asked else today
    except ValueError:
        day = today
    day = min(max(day, today.replace(year=today.year - 20, day=1)), today.replace(year=today.year + 5, day=1))
    return day - timedelta(days=day.weekday()) if view == "week" else day


def _table(role_id: str, view: str, days: list[date], today: date, content: Content) -> Mapping[str, Any]:
    step = timedelta(days=VIEWS[view])
    return {
        "caption": _caption(view, days),
        "view": view,
        "columns": [{"label": words(say("Appointments")), "iso": days[0].isoformat()}] if view == "list" else [_column(day, today) for day in days],
        "rows": list_rows(content) if view == "list" else table_rows(content, days, today),
        "previous": _turn(role_id, view, days[0] - step, words(say("Before")), "chevron-left"),
        "today": _turn(role_id, view, today, words(say("Today")), "calendar"),
        "next": _turn(role_id, view, days[0] + step, words(say("After")), "chevron-right"),
        "views": [
            {"label": words(label), "href": url_for("booking.agenda", role_id=role_id, view=name, day=days[0].isoformat()), "current": name == view}
            for name, label in _VIEW_NAMES.items()
        ],
    }


def _caption(view: str, days: list[date]) -> str:
    first, last = (format_date(day, "full", locale=i18n.locale()) for day in (days[0], days[-1]))
    if view == "day":
        return words(say("Agenda of %(day)s", day=first))
    return words(say("Agenda from %(first)s to %(last)s", first=first, last=last))


def _column(day: date, today: date) -> Mapping[str, Any]:
    return {"label": i18n.weekday(day, short=True), "iso": day.isoformat(), "today": day == today}


def _turn(role_id: str, view: str, day: date, label: str, icon: str) -> Mapping[str, Any]:
    return {"label": label, "href": url_for("booking.agenda", role_id=role_id, view=view, day=day.isoformat()), "kind": "quiet", "icon": icon}
