"""The editor of weekly openings and breaks."""

from collections.abc import Mapping, Sequence
from datetime import date

from babel.dates import format_date
from flask import request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.scheduling import Modality
from toubib.web import acting, looking, needs
from toubib_booking import editing
from toubib_booking.editing import Hours
from toubib_booking.forms import Reader, clock_text
from toubib_booking.models import BreakRow, OpeningRow
from toubib_booking.texts import say
from toubib_booking.web.shared import blueprint, done, grid_options, page, spoken, way_options, ways, weekday_options, weekdays, words

FIELDS = ("weekday", "start", "end", "every", "valid_from", "valid_to")
KINDS: Mapping[str, type[OpeningRow | BreakRow]] = {"opening": OpeningRow, "break": BreakRow}


@blueprint.get("/roles/<role_id>/hours")
@needs("booking.manage", "role_id")
def hours(role_id: str) -> ResponseReturnValue:
    """The weekly hours as they stand, with a form to add some."""
    return _page(role_id)


@blueprint.post("/roles/<role_id>/hours/openings")
@needs("booking.manage", "role_id")
def add_opening(role_id: str) -> ResponseReturnValue:
    """Add a weekly opening."""
    reader = Reader(request.form)
    new = _hours(reader, "")
    modalities = [Modality(value) for value in reader.modalities("modalities")]
    every = reader.whole("every", 5, 120, step=5)
    if not reader.errors:
        with acting():
            editing.open_schedule(role_id)
            if clash := _clash(role_id, new, modalities):
                reader.errors["start"] = say("These hours overlap %(hours)s. Remove those first, or choose others.", hours=_span(clash))
            else:
                editing.add_opening(role_id, new, modalities, every)
    return _page(role_id, reader) if reader.errors else done("hours", "added", role_id=role_id)


@blueprint.post("/roles/<role_id>/hours/breaks")
@needs("booking.manage", "role_id")
def add_break(role_id: str) -> ResponseReturnValue:
    """Add a weekly break."""
    reader = Reader(request.form)
    new = _hours(reader, "break_")
    if reader.errors:
        return _page(role_id, reader)
    with acting():
        editing.open_schedule(role_id)
        editing.add_break(role_id, new)
    return done("hours", "added", role_id=role_id)


@blueprint.post("/roles/<role_id>/hours/<kind>/<row_id>/remove")
@needs("booking.manage", "role_id")
def remove_hours(role_id: str, kind: str, row_id: str) -> ResponseReturnValue:
    """Take a weekly opening or break away."""
    with acting():
        removed = kind in KINDS and editing.remove(KINDS[kind], row_id, role_id)
    return done("hours", "removed" if removed else "gone", role_id=role_id)


def _hours(reader: Reader, prefix: str) -> Hours:
    weekday = reader.whole(f"{prefix}weekday", 0, 6)
    start, end = reader.span(f"{prefix}start", f"{prefix}end")
    return Hours(weekday, start, end, *reader.days(f"{prefix}valid_from", f"{prefix}valid_to"))


def _clash(role_id: str, new: Hours, modalities: Sequence[Modality]) -> OpeningRow | None:
    """An opening that the new one would overlap, on the same dates and in one of the same ways."""
    for row in editing.of_role(OpeningRow, role_id):
        same_time = row.weekday == new.weekday and row.start_minute < new.end and new.start < row.end_minute
        same_dates = (row.valid_from or date.min) <= (new.valid_to or date.max) and (new.valid_from or date.min) <= (row.valid_to or date.max)
        if same_time and same_dates and set(row.modalities) & set(modalities):
            return row
    return None


def _page(role_id: str, reader: Reader | None = None) -> ResponseReturnValue:
    with looking():
        openings = sorted(editing.of_role(OpeningRow, role_id), key=lambda row: (row.weekday, row.start_minute))
        breaks = sorted(editing.of_role(BreakRow, role_id), key=lambda row: (row.weekday, row.start_minute))
        return page(
            "hours",
            role_id,
            "hours",
            422 if reader else 200,
            openings=_opening_table(role_id, openings),
            breaks=_break_table(role_id, breaks),
            errors=spoken(reader.errors) if reader else {},
            typed=_typed(reader),
            weekdays=weekday_options(),
            ways=way_options(),
            grids=grid_options(),
        )


def _typed(reader: Reader | None) -> Mapping[str, object]:
    """What was typed, else what stands in an empty form."""
    names = [*FIELDS, *(f"break_{name}" for name in FIELDS)]
    if reader is None:
        defaults = {"weekday": "0", "start": "09:00", "end": "12:00", "every": "20", "break_weekday": "0", "break_start": "12:00", "break_end": "13:00"}
        return {**dict.fromkeys(names, ""), **defaults, "modalities": [Modality.VIDEO.value]}
    return {**{name: reader.values.get(name, "") for name in names}, "modalities": reader.values.getlist("modalities")}


def _opening_table(role_id: str, rows: Sequence[OpeningRow]) -> Mapping[str, object]:
    labels = (say("Day"), say("Hours"), say("How"), say("Visits begin"), say("Valid"), say("Change"))
    cells = [
        [
            weekdays()[row.weekday],
            _span(row),
            ways(row.modalities),
            words(say("every %(minutes)s minutes", minutes=row.every)),
            _validity(row),
            {"text": "", "actions": [_remove(role_id, "opening", row)]},
        ]
        for row in rows
    ]
    return {
        "caption": words(say("Weekly openings")),
        "columns": [{"label": words(label)} for label in labels],
        "rows": cells,
        "empty": words(say("No opening hours yet: nobody can book. Add the first ones below.")),
    }


def _break_table(role_id: str, rows: Sequence[BreakRow]) -> Mapping[str, object]:
    labels = (say("Day"), say("Break"), say("Valid"), say("Change"))
    cells = [[weekdays()[row.weekday], _span(row), _validity(row), {"text": "", "actions": [_remove(role_id, "break", row)]}] for row in rows]
    return {
        "caption": words(say("Weekly breaks")),
        "columns": [{"label": words(label)} for label in labels],
        "rows": cells,
        "empty": words(say("No breaks.")),
    }


def _remove(role_id: str, kind: str, row: OpeningRow | BreakRow) -> Mapping[str, str]:
    return {
        "label": words(say("Remove")),
        "spoken": words(say("Remove %(day)s, %(hours)s", day=weekdays()[row.weekday], hours=_span(row))),
        "post": url_for("booking.remove_hours", role_id=role_id, kind=kind, row_id=row.id),
        "kind": "quiet",
        "icon": "trash-2",
    }


def _span(row: OpeningRow | BreakRow) -> str:
    return f"{clock_text(row.start_minute)} – {clock_text(row.end_minute)}"


def _validity(row: OpeningRow | BreakRow) -> str:
    first, last = (format_date(day, "medium", locale=i18n.locale()) if day else "" for day in (row.valid_from, row.valid_to))
    if first and last:
        return words(say("from %(first)s to %(last)s", first=first, last=last))
    if first:
        return words(say("from %(first)s", first=first))
    return words(say("until %(last)s", last=last)) if last else words(say("always"))
