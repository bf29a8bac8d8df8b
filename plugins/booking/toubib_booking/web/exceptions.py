"""The editor of absences and extra openings."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import Period
from toubib.contracts.scheduling import Modality
from toubib.seams import clock
from toubib.services import appointments, directory
from toubib.web import acting, looking, needs
from toubib_booking import editing
from toubib_booking.forms import DAY, Reader
from toubib_booking.models import ExceptionRow
from toubib_booking.texts import say
from toubib_booking.web.shared import blueprint, done, grid_options, page, spoken, way_options, ways, words

FIELDS = ("away_from", "away_from_time", "away_to", "away_to_time", "day", "start", "end", "every")


@blueprint.get("/roles/<role_id>/exceptions")
@needs("booking.manage", "role_id")
def exceptions(role_id: str) -> ResponseReturnValue:
    """Absences and extra openings to come, with forms to add some."""
    return _page(role_id)


@blueprint.post("/roles/<role_id>/exceptions/absences")
@needs("booking.manage", "role_id")
def add_absence(role_id: str) -> ResponseReturnValue:
    """Add an absence; without times it lasts whole days."""
    reader = Reader(request.form)
    with looking():
        zone = directory.role(role_id).zone
    start = reader.instant("away_from", "away_from_time", zone, empty=0)
    end = reader.instant("away_to", "away_to_time", zone, empty=DAY)
    if start and end and end <= start:
        reader.errors["away_to"] = say("The end must be after the beginning.")
    if reader.errors or not (start and end):
        return _page(role_id, reader)
    with acting():
        editing.open_schedule(role_id)
        editing.add_absence(role_id, Period(start, end))
    return done("exceptions", "added", role_id=role_id)


@blueprint.post("/roles/<role_id>/exceptions/extras")
@needs("booking.manage", "role_id")
def add_extra(role_id: str) -> ResponseReturnValue:
    """Add one more opening, on one day."""
    reader = Reader(request.form)
    with looking():
        zone = directory.role(role_id).zone
    reader.span("start", "end")
    start = reader.instant("day", "start", zone)
    end = reader.instant("day", "end", zone)
    modalities = [Modality(value) for value in reader.modalities("modalities")]
    every = reader.whole("every", 5, 120, step=5)
    if start and end and end <= start:
        end += timedelta(days=1)
    if end and end <= clock.now():
        reader.errors["day"] = say("This time has passed. Please choose a later one.")
    if reader.errors or not (start and end):
        return _page(role_id, reader)
    with acting():
        editing.open_schedule(role_id)
        editing.add_extra(role_id, Period(start, end), modalities, every)
    return done("exceptions", "added", role_id=role_id)


@blueprint.post("/roles/<role_id>/exceptions/<row_id>/remove")
@needs("booking.manage", "role_id")
def remove_exception(role_id: str, row_id: str) -> ResponseReturnValue:
    """Take an absence or extra opening away."""
    with acting():
        removed = editing.remove(ExceptionRow, row_id, role_id)
    return done("exceptions", "removed" if removed else "gone", role_id=role_id)


def _page(role_id: str, reader: Reader | None = None) -> ResponseReturnValue:
    with looking():
        rows = sorted((row for row in editing.of_role(ExceptionRow, role_id) if row.ends_at > clock.now()), key=lambda row: row.starts_at)
        return page(
            "exceptions",
            role_id,
            "exceptions",
            422 if reader else 200,
            table=_table(role_id, rows, directory.role(role_id).zone),
            errors=spoken(reader.errors) if reader else {},
            typed=_typed(reader),
            ways=way_options(),
            grids=grid_options(),
        )


def _typed(reader: Reader | None) -> Mapping[str, object]:
    if reader is None:
        return {**dict.fromkeys(FIELDS, ""), "every": "20", "start": "09:00", "end": "12:00", "modalities": [Modality.VIDEO.value]}
    return {**{name: reader.values.get(name, "") for name in FIELDS}, "modalities": reader.values.getlist("modalities")}


def _table(role_id: str, rows: Sequence[ExceptionRow], zone: str) -> Mapping[str, object]:
    labels = (say("From"), say("Until"), say("What"), say("Appointments in it"), say("Change"))
    cells = []
    for row in rows:
        what = words(say("Absence")) if row.kind == "absence" else words(say("Extra opening: %(ways)s", ways=ways(row.modalities)))
        inside = len(appointments.of_role(role_id, Period(row.starts_at, row.ends_at), ("booked",))) if row.kind == "absence" else 0
        note = words(say("%(count)s: move or cancel them in the agenda", count=inside)) if inside else words(say("none"))
        first, last = i18n.moment(row.starts_at, zone), i18n.moment(row.ends_at, zone)
        cells.append([first, last, what, note if row.kind == "absence" else "", {"text": "", "actions": [_remove(role_id, row, f"{what}, {first}")]}])
    return {
        "caption": words(say("Absences and extra openings to come")),
        "columns": [{"label": words(label)} for label in labels],
        "rows": cells,
        "empty": words(say("None to come.")),
    }


def _remove(role_id: str, row: ExceptionRow, what: str) -> Mapping[str, str]:
    return {
        "label": words(say("Remove")),
        "spoken": words(say("Remove %(what)s", what=what)),
        "post": url_for("booking.remove_exception", role_id=role_id, row_id=row.id),
        "kind": "quiet",
        "icon": "trash-2",
    }
