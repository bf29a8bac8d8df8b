"""The national report for administrators: tables first, the same as plots, and as a file."""

from collections.abc import Sequence
from typing import Any

from babel.numbers import format_decimal
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.services import report_sources, search
from toubib.services.national_report import CROSSED, WITHIN, Cell, Report, period_name, write_csv
from toubib.web import looking, needs, render, text
from toubib.web.pages.admin import REPORT, tabs

report = Blueprint("report", __name__)


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


DIMENSIONS = {
    "profession": _("Profession"),
    "specialty": _("Specialty"),
    "region": _("Region"),
    "department": _("Department"),
    "age": _("Age band"),
}
PERIODS = ((1, _("Year")), (2, _("Month")), (3, _("Week")))
PLOT_WIDTH, ROW, LABELS, FIGURES = 640, 24, 176, 88
"""Of a plot, in the units of its own view box."""


@report.get("/admin/report")
@needs("site.administer")
def national() -> ResponseReturnValue:
    """Acts by week, month and year, by dimension, and against the forecast."""
    with looking():
        found = report_sources.current()
    views = [_all(found, depth, label) for depth, label in reversed(PERIODS)]
    views += [_forecast(found)] if found.against else []
    views += [_whole(found, name) for name in DIMENSIONS if found.of(name)]
    crossed = [_crossed(found, name, depth, label) for name in CROSSED if found.of(name) for depth, label in PERIODS[1:]]
    total = found.of("all", 0)
    context: dict[str, Any] = {"notes": found.notes, "views": views, "crossed": crossed, "total": _number(total[0].count) if total else text("none")}
    return render("toubib/admin/report.html", title=text(REPORT), tabs_of_admin=tabs("report"), **context)


@report.get("/admin/report.csv")
@needs("site.administer")
def download() -> ResponseReturnValue:
    """The report as a file; nothing in it that the page does not show."""
    with looking():
        content = write_csv(report_sources.current())
    return Response(content, mimetype="text/csv", headers={"Content-Disposition": "attachment; filename=national-report.csv", "Cache-Control": "no-store"})


def _all(found: Report, depth: int, label: str) -> dict[str, Any]:
    cells = found.of("all", depth)
    return _view(f"{text('Acts')} · {text(label)}", text(label), [(period_name(c.period), c) for c in cells])


def _whole(found: Report, dimension: str) -> dict[str, Any]:
    label = text(DIMENSIONS[dimension])
    rows = [(_category(c) if dimension not in WITHIN else f"{_word(c.parent)} · {_category(c)}", c) for c in found.of(dimension, 0)]
    return _view(f"{text('Acts')} · {label}", label, rows)


def _view(caption: str, label: str, rows: Sequence[tuple[str, Cell]]) -> dict[str, Any]:
    """A table and the same as a plot."""
    columns = [{"label": label}, {"label": text("Acts"), "numeric": True}, {"label": text("Share of all acts"), "numeric": True}]
    table = {"caption": caption, "columns": columns, "rows": [[name, _number(c.count), _share(c.permille)] for name, c in rows]}
    return {"table": table, "plot": _plot(caption, [(name, c.count) for name, c in rows])}


def _forecast(found: Report) -> dict[str, Any]:
    caption, labels = text("Acts against the forecast"), (text("Year"), text("Acts"), text("Forecast"), text("Share of the forecast"))
    rows = [[a.year, _number(a.acts), _number(a.forecast), _share(a.permille)] for a in found.against]
    bars = [pair for a in found.against for pair in ((f"{a.year} · {text('Acts')}", a.acts), (f"{a.year} · {text('Forecast')}", a.forecast))]
    columns = [{"label": label, "numeric": number > 0} for number, label in enumerate(labels)]
    return {"table": {"caption": caption, "columns": columns, "rows": rows}, "plot": _plot(caption, bars)}


def _crossed(found: Report, dimension: str, depth: int, label: str) -> dict[str, Any]:
    """Periods as rows, categories as columns, all in the last one."""
    cells = {(c.category, c.period): c for c in found.of(dimension)}
    names = list(dict.fromkeys(c.category for c in found.of(dimension)))
    lines = [*found.of("all", depth), *found.of("all", 0)]
    rows = [[_line(c), *(_number(cells[name, c.period].count) for name in names), _number(c.count)] for c in lines]
    columns = [{"label": text(label)}, *({"label": _word(name), "numeric": True} for name in names), {"label": text("All"), "numeric": True}]
    caption = f"{text('Acts')} · {text(label)} · {text(DIMENSIONS[dimension])}"
    return {"caption": caption, "columns": columns, "rows": rows}


def _line(cell: Cell) -> str:
    return period_name(cell.period) if cell.period else text("All")


def _category(cell: Cell) -> str:
    return _word(cell.category)


def _word(code: str) -> str:
    """A profession or specialty in words where a country knows the code; else what the source says."""
    return search.profession_labels().get(code, code) or text("not stated")


def _number(count: int | None) -> str:
    return text("hidden") if count is None else str(format_decimal(count, locale=i18n.locale()))


def _share(permille: int | None) -> str:
    return text("hidden") if permille is None else f"{format_decimal(permille / 10, format='#,##0.0', locale=i18n.locale())} %"


def _plot(caption: str, rows: Sequence[tuple[str, int | None]]) -> dict[str, Any]:
    """Bars from nothing to the largest; a hidden count has no bar, and says so."""
    largest, room = max((count or 0 for _name, count in rows), default=0) or 1, PLOT_WIDTH - LABELS - FIGURES
    widths = [room * (count or 0) // largest for _name, count in rows]
    bars = [
        {"name": name, "figure": _number(count), "y": ROW * number, "width": width, "end": LABELS + width}
        for number, ((name, count), width) in enumerate(zip(rows, widths, strict=True))
    ]
    spoken = text("%(caption)s, as bars. The table before it has the same figures.", caption=caption)
    return {"spoken": spoken, "bars": bars, "width": PLOT_WIDTH, "height": ROW * len(bars), "start": LABELS, "row": ROW}
