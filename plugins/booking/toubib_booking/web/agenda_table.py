"""What stands in the agenda's table: one row an hour and one column a day, or one row an appointment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

from toubib import i18n
from toubib.contracts.common import Message
from toubib.seams import clock
from toubib.services.appointments import Line
from toubib.web import current_actor
from toubib_booking.engine.rules import Weekly
from toubib_booking.forms import at_wall
from toubib_booking.models import BreakRow, ExceptionRow, OpeningRow
from toubib_booking.texts import say
from toubib_booking.web.shared import way, ways, words

STATES = {
    "pending": ("attention", say("held")),
    "booked": ("info", say("booked")),
    "arrived": ("done", say("arrived")),
    "fulfilled": ("plain", say("done")),
    "noshow": ("stop", say("did not come")),
}
USUAL = range(8, 19)
"""The hours that are always shown."""


@dataclass(frozen=True, slots=True)
class Content:
    """All that the days shown may hold. Times are shown in `zone`; `holidays` are the days on which the weekly hours do not count."""

    zone: str
    lines: Sequence[Line]
    openings: Sequence[OpeningRow]
    breaks: Sequence[BreakRow]
    exceptions: Sequence[ExceptionRow]
    holidays: Mapping[date, Message]


@dataclass(frozen=True, slots=True)
class _Placed:
    at: datetime
    entry: Mapping[str, Any]


def table_rows(content: Content, days: Sequence[date], today: date) -> list[Mapping[str, Any]]:
    """Rows of a day or a week: each entry in the hour in which it begins, by the clock on the wall there."""
    zone = ZoneInfo(content.zone)
    cells: dict[tuple[int, date], list[_Placed]] = {}
    for day in days:
        for placed in _of_day(content, day):
            cells.setdefault((placed.at.astimezone(zone).hour, day), []).append(placed)
    now = clock.now()
    local = now.astimezone(zone)
    hours = sorted({hour for hour, _ in cells} | set(USUAL) | ({local.hour} if today in days else set()))
    rows: list[Mapping[str, Any]] = []
    for hour in hours:
        at = at_wall(days[0], hour * 60, content.zone)
        row: dict[str, Any] = {
            "time": {"iso": f"{hour:02d}:00", "text": i18n.clock_time(at, content.zone)},
            "cells": [[placed.entry for placed in sorted(cells.get((hour, day), []), key=lambda p: p.at)] for day in days],
        }
        if today in days and hour == local.hour:
            row["now"] = words(say("Now: %(time)s", time=i18n.clock_time(now, content.zone)))
        rows.append(row)
    return rows


def list_rows(content: Content) -> list[Mapping[str, Any]]:
    """One row an appointment, soonest first."""
    return [
        {"time": {"iso": line.starts_at.isoformat(), "text": i18n.moment(line.starts_at, content.zone)}, "cells": [[_appointment(line, content.zone)]]}
        for line in content.lines
    ]


def _of_day(content: Content, day: date) -> Iterator[_Placed]:
    zone = ZoneInfo(content.zone)
    begin, end = at_wall(day, 0, content.zone), at_wall(day, 24 * 60, content.zone)
    if day in content.holidays:
        yield _Placed(begin, {"kind": "absence", "time": words(say("All day")), "name": words(content.holidays[day])})
    else:
        yield from _usual(content, day)
    for exception in content.exceptions:
        if exception.starts_at < end and exception.ends_at > begin:
            start, stop = max(exception.starts_at, begin), min(exception.ends_at, end)
            extra = exception.kind == "extra"
            name = words(say("Extra opening: %(ways)s", ways=ways(exception.modalities)) if extra else say("Absent"))
            time = words(say("All day")) if (start, stop) == (begin, end) else _span(start, stop, content.zone)
            yield _Placed(start, {"kind": "free" if extra else "absence", "time": time, "name": name})
    for line in content.lines:
        if line.starts_at.astimezone(zone).date() == day:
            yield _Placed(line.starts_at, _appointment(line, content.zone))


def _usual(content: Content, day: date) -> Iterator[_Placed]:
    for opening in content.openings:
        yield from _weekly(opening, day, content.zone, "free", words(say("Open: %(ways)s", ways=ways(opening.modalities))))
    for pause in content.breaks:
        yield from _weekly(pause, day, content.zone, "break", words(say("Break")))


def _weekly(row: OpeningRow | BreakRow, day: date, zone: str, kind: str, name: str) -> Iterator[_Placed]:
    if Weekly(row.weekday, row.start_minute, row.end_minute, row.valid_from, row.valid_to).on(day):
        start, end = at_wall(day, row.start_minute, zone), at_wall(day, row.end_minute, zone)
        yield _Placed(start, {"kind": kind, "time": _span(start, end, zone), "name": name})


def _span(start: datetime, end: datetime, zone: str) -> str:
    return f"{i18n.clock_time(start, zone)} – {i18n.clock_time(end, zone)}"


def _appointment(line: Line, zone: str) -> Mapping[str, Any]:
    kind, label = STATES[line.status]
    name = line.patient or words(say("No name yet"))
    entry: dict[str, Any] = {
        "kind": "appointment",
        "time": _span(line.starts_at, line.ends_at, zone),
        "name": name,
        "reason": line.service_name,
        "way": way(line.modality),
        "state": {"kind": kind, "label": words(label)},
        "id": f"appointment-{line.appointment_id}",
    }
    if line.practitioner_role_id in current_actor().practitioner_roles:
        entry["href"] = url_for("practice.consultation", encounter_id=line.encounter_id)
    if line.status == "booked":
        entry["move"] = {
            "label": words(say("Move or cancel")),
            "spoken": words(say("Move or cancel: %(name)s, %(when)s", name=name, when=i18n.moment(line.starts_at, zone))),
            "href": url_for("booking.appointment", appointment_id=line.appointment_id),
            "kind": "quiet",
            "icon": "move",
        }
    return entry
