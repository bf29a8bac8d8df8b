"""The national report: acts by ISO week, month and year, by who gave them, where and to whom, against a forecast.

A week belongs to the month and the year of its Thursday (ISO 8601), so that weeks add up to months, and months to years. Small
counts are hidden, and what would reveal them (`toubib.services.small_cells`). Shares are in thousandths, rounded half up.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from toubib.services.small_cells import Counts, Path, Telling, hide_categories, hide_periods

CROSSED = ("profession", "region", "age")
"""Dimensions counted for every week; `WITHIN` for the whole only, because their cells are small."""
WITHIN = {"specialty": "profession", "department": "region"}
HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Acts:
    """Some acts of the same week (`2019-W07`), practitioner's kind, place and age band. What is not known is empty."""

    week: str
    count: int
    profession: str = ""
    specialty: str = ""
    region: str = ""
    department: str = ""
    age: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A published cell: the count, or `None` where it is hidden, and its share of all acts in thousandths."""

    dimension: str
    parent: str
    category: str
    period: Path
    count: int | None
    permille: int | None


@dataclass(frozen=True, slots=True)
class Against:
    """A year against its forecast; `acts` is `None` where it is hidden."""

    year: str
    acts: int | None
    forecast: int
    permille: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """What may be published: cells in order, years against their forecast, and what the source says of itself."""

    cells: Sequence[Cell]
    against: Sequence[Against]
    notes: Sequence[str] = ()

    def of(self, dimension: str, depth: int | None = None) -> Sequence[Cell]:
        """The cells of a dimension (`all`, or one of `CROSSED` or `WITHIN`); of one depth: 0 the whole, 1 years, 2 months, 3 weeks."""
        return [c for c in self.cells if c.dimension == dimension and depth in (None, len(c.period))]


def period_of(week: str) -> Path:
    """Year, month and week of an ISO week; `ValueError` for one that does not exist."""
    year, number = week.split("-W")
    thursday = date.fromisocalendar(int(year), int(number), 4)
    return str(thursday.year), f"{thursday:%Y-%m}", week


def permille(part: int, of: int) -> int:
    """Thousandths, rounded half up; nothing of nothing is none."""
    return (2000 * part + of) // (2 * of) if of else 0


def build(acts: Iterable[Acts], forecast: Mapping[str, int] | None = None, notes: Sequence[str] = ()) -> Report:
    """The report on these acts. A dimension of which nothing is known is left out."""
    given = [row for row in acts if row.count]
    total = _counts(given)
    cells = list(_cells(given, total, hide_periods(total))) if given else []
    years = {cell.period[0]: cell.count for cell in cells if cell.dimension == "all" and len(cell.period) == 1}
    against = [_against(year, years.get(year, 0), planned) for year, planned in sorted((forecast or {}).items())]
    return Report(cells, against, notes)


def _against(year: str, acts: int | None, planned: int) -> Against:
    return Against(year, acts, planned, None if acts is None else permille(acts, planned))


def _cells(given: Sequence[Acts], total: Counts, hidden: frozenset[Path]) -> Iterator[Cell]:
    whole = total[()]
    yield from _column("all", "", "", total, hidden, whole)
    for dimension in CROSSED:
        if any(getattr(row, dimension) for row in given):
            names = sorted({getattr(row, dimension) for row in given})
            columns = {name: _counts([row for row in given if getattr(row, dimension) == name], total) for name in names}
            floors = {name: max(len({getattr(r, i) for r in given if getattr(r, dimension) == name}) for i in (_inner(dimension), dimension)) for name in names}
            try:
                found = hide_categories(hidden, columns, floors)
            except Telling:
                continue
            for name in names:
                yield from _column(dimension, "", name, columns[name], found[name], whole)
                if (inner := _inner(dimension)) != dimension:
                    yield from _within(inner, name, [row for row in given if getattr(row, dimension) == name], () in found[name], whole)


def _inner(dimension: str) -> str:
    """The dimension within this one, or itself."""
    return next((inner for inner, outer in WITHIN.items() if outer == dimension), dimension)


def _within(dimension: str, parent: str, given: Sequence[Acts], hidden: bool, whole: int) -> Iterator[Cell]:  # noqa: FBT001  private
    """The parts of one category, over the whole."""
    counts = Counter[str]()
    for row in given:
        counts[getattr(row, dimension)] += row.count
    if set(counts) == {""}:
        return
    columns: dict[str, Counts] = {name: {(): count} for name, count in sorted(counts.items())}
    try:
        found = hide_categories(frozenset({()}) if hidden else frozenset(), columns, dict.fromkeys(columns, 1))
    except Telling:
        return
    for name, column in columns.items():
        yield from _column(dimension, parent, name, column, found[name], whole)


def _column(dimension: str, parent: str, name: str, counts: Counts, hidden: frozenset[Path], whole: int) -> Iterator[Cell]:
    for path, count in sorted(counts.items()):
        shown = path not in hidden
        yield Cell(dimension, parent, name, path, count if shown else None, permille(count, whole) if shown else None)


def _counts(given: Iterable[Acts], periods: Iterable[Path] = ()) -> Counts:
    """Counts of each period and of all it lies in; of every one of `periods`, be it nothing."""
    counts = Counter[Path](dict.fromkeys(periods, 0))
    for row in given:
        path = period_of(row.week)
        for depth in range(len(path) + 1):
            counts[path[:depth]] += row.count
    return dict(counts)


COLUMNS = ("dimension", "within", "category", "period", "acts", "share_of_all_percent", "forecast", "share_of_forecast_percent")


def write_csv(report: Report) -> str:
    """All that is published as CSV, what the source says of itself first, as comments. Small cells and those hidden with them look alike."""
    out = io.StringIO()
    out.writelines(f"# {note}\n" for note in report.notes)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for cell in report.cells:
        writer.writerow([cell.dimension, _plain(cell.parent), _plain(cell.category), period_name(cell.period), *_figures(cell.count, cell.permille), "", ""])
    for year in report.against:
        acts, share = _figures(year.acts, year.permille)
        writer.writerow(["forecast", "", "", year.year, acts, "", year.forecast, share])
    return out.getvalue()


def _plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text


def _figures(count: int | None, share: int | None) -> tuple[str, str]:
    return (HIDDEN if count is None else str(count), "" if share is None else f"{share // 10}.{share % 10}")


def period_name(period: Path) -> str:
    """The name of a period in files: `2019`, `2019-02`, `2019-W07`; `all` for the whole."""
    return period[-1] if period else "all"
