"""No hidden cell of the report can be told from what is published, whatever the counts; sums hold; rounding is half up."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toubib.services.national_report import CROSSED, WITHIN, Acts, Report, build, permille, write_csv
from toubib.services.report_sources import read

WEEKS = ("2018-W51", "2018-W52", "2019-W01", "2019-W02", "2019-W06")
PRESS = Path(__file__).parent / "press_2019.csv"
Key = tuple[str, str, str, tuple[str, ...]]
Sum = dict[Key, int]
PRIME = 2_147_483_647

acts = st.builds(
    Acts,
    week=st.sampled_from(WEEKS),
    count=st.one_of(st.integers(1, 14), st.integers(1, 60)),
    profession=st.sampled_from(["doctor", "nurse", "midwife"]),
    specialty=st.sampled_from(["", "skin", "eyes"]),
    region=st.sampled_from(["north", "south"]),
    department=st.sampled_from(["1", "2"]),
    age=st.sampled_from(["0-15", "16-39", "70+"]),
)


def published(report: Report) -> dict[Key, int | None]:
    return {(c.dimension, c.parent, c.category, c.period): c.count for c in report.cells}


def sums(keys: Sequence[Key]) -> Iterator[Sum]:
    """Everything that anybody can know: parts of a period and parts of a category add up (the whole minus its parts is nothing)."""
    parts: dict[tuple[str, Key], list[Key]] = defaultdict(list)
    for key in keys:
        dimension, parent, category, period = key
        if period:
            parts["periods", (dimension, parent, category, period[:-1])].append(key)
        if dimension in CROSSED:
            parts[dimension, ("all", "", "", period)].append(key)
        if dimension in WITHIN:
            parts[dimension, (WITHIN[dimension], "", parent, period)].append(key)
    for (_kind, whole), inner in parts.items():
        yield {whole: -1, **dict.fromkeys(inner, 1)}


def solved(equations: Sequence[Sum], shown: dict[Key, int | None]) -> set[Key]:
    """Hidden cells with one solution only: rows of the reduced system that hold one of them alone."""
    rows: dict[Key, Sum] = {}
    for equation in equations:
        row = {key: factor for key, factor in equation.items() if shown[key] is None}
        for pivot in [key for key in row if key in rows]:
            row = minus(row, rows[pivot], row.get(pivot, 0))
        if row:
            pivot = next(iter(row))
            inverse = pow(row[pivot], -1, PRIME)
            row = {key: factor * inverse % PRIME for key, factor in row.items()}
            rows = {known: minus(old, row, old.get(pivot, 0)) for known, old in rows.items()} | {pivot: row}
    return {pivot for pivot, row in rows.items() if len(row) == 1}


def minus(row: Sum, other: Sum, times: int) -> Sum:
    keys = row.keys() | other.keys()
    return {key: left for key in keys if (left := (row.get(key, 0) - times * other.get(key, 0)) % PRIME)}


def listed(key: Key) -> int:
    """What is listed has an act: each week in all, each category over the whole."""
    return int((key[0] == "all" and len(key[3]) == 3) or not key[3])


def squeezed(equations: Sequence[Sum], shown: dict[Key, int | None]) -> set[Key]:
    """Hidden cells that bounds leave one value, counts being whole and none below nothing."""
    most = sum(count or 0 for count in shown.values()) + 10_000
    low = {key: listed(key) if count is None else count for key, count in shown.items()}
    high = {key: most if count is None else count for key, count in shown.items()}
    for _ in range(30):
        for equation in equations:
            whole = next(key for key, factor in equation.items() if factor < 0)
            inner = [key for key in equation if key != whole]
            least, greatest = sum(low[k] for k in inner), sum(high[k] for k in inner)
            low[whole], high[whole] = max(low[whole], least), min(high[whole], greatest)
            for key in inner:
                high[key] = min(high[key], high[whole] - (least - low[key]))
                low[key] = max(low[key], low[whole] - (greatest - high[key]))
    return {key for key, count in shown.items() if count is None and low[key] == high[key]}


@pytest.mark.feature("CLAIM-14:b")
@settings(max_examples=60, deadline=None)
@given(st.lists(acts, min_size=1, max_size=24))
def test_no_hidden_cell_can_be_told_from_what_is_published(rows: list[Acts]) -> None:
    shown = published(build(rows))
    assert all(count is None or count >= 11 for count in shown.values())
    equations = list(sums(list(shown)))
    if shown["all", "", "", ()] is not None:
        assert solved(equations, shown) == set()
        assert squeezed(equations, shown) == set()


@settings(max_examples=40, deadline=None)
@given(st.lists(acts, min_size=1, max_size=24))
def test_what_is_published_adds_up_and_is_true(rows: list[Acts]) -> None:
    shown = published(build(rows))
    for equation in sums(list(shown)):
        if all(shown[key] is not None for key in equation):
            assert sum((shown[key] or 0) * factor for key, factor in equation.items()) == 0
    whole = shown["all", "", "", ()]
    assert whole is None or whole == sum(row.count for row in rows)


def test_the_attacks_find_what_is_hidden_carelessly() -> None:
    """The cells below threshold alone are hidden: both attacks must see through it, or they prove nothing."""
    rows = [Acts("2019-W01", 5, "doctor"), Acts("2019-W01", 30, "nurse"), Acts("2019-W02", 40, "doctor"), Acts("2019-W02", 30, "nurse")]
    careless: dict[Key, int | None] = {("all", "", "", ()): 105}
    for row in rows:
        careless["profession", "", row.profession, (row.week,)] = row.count if row.count >= 11 else None
    for week, count in (("2019-W01", 35), ("2019-W02", 70)):
        careless["all", "", "", (week,)] = count
    equations: list[Sum] = [
        {("all", "", "", (w,)): -1, ("profession", "", "doctor", (w,)): 1, ("profession", "", "nurse", (w,)): 1} for w in ("2019-W01", "2019-W02")
    ]
    assert solved(equations, careless) == squeezed(equations, careless) == {("profession", "", "doctor", ("2019-W01",))}
    shown = published(build(rows))
    assert shown["profession", "", "nurse", ("2019", "2019-01", "2019-W01")] is None


@pytest.mark.parametrize(("part", "of", "expected"), [(1, 3, 333), (2, 3, 667), (1, 2000, 1), (1, 2001, 0), (3192, 7939, 402), (0, 0, 0), (7, 7, 1000)])
def test_shares_are_rounded_half_up(part: int, of: int, expected: int) -> None:
    assert permille(part, of) == expected


@pytest.mark.feature("CLAIM-14:a")
def test_the_report_has_age_bands_departments_months_and_shares() -> None:
    places = (("1", "16-39", 20), ("2", "70+", 30), ("2", "16-39", 40))
    rows = [Acts(week, count, region="north", department=d, age=a) for week in ("2019-W06", "2019-W10") for d, a, count in places]
    lines = write_csv(build([*rows, Acts("2019-W10", 60, region="north", department="1", age="70+")])).splitlines()
    assert "age,,16-39,2019-02,60,25.0,," in lines
    assert "department,north,2,all,140,58.3,," in lines
    assert "all,,,2019-02,90,37.5,," in lines


def test_a_week_belongs_to_the_year_and_month_of_its_thursday() -> None:
    report = build([Acts("2018-W01", 20), Acts("2020-W53", 20)])
    assert [c.period for c in report.of("all", 3)] == [("2018", "2018-01", "2018-W01"), ("2020", "2020-12", "2020-W53")]


@pytest.mark.feature("CLAIM-09:b")
def test_the_press_figures_come_out_exactly() -> None:
    notes, rows = read(PRESS)
    report = build(rows, {"2019": 500_000, "2020": 1_000_000, "2021": 1_300_000}, notes)
    assert [c.count for c in report.of("all", 0)] == [7939]
    found = {c.category: (c.count, c.permille) for c in report.of("profession", 0)}
    assert found == {"general practitioners": (3192, 402), "specialists": (2556, 322), "health centres": (1580, 199), "hospitals": (611, 77)}
    assert [(a.year, a.forecast) for a in report.against] == [("2019", 500_000), ("2020", 1_000_000), ("2021", 1_300_000)]
    first = report.against[0]
    assert (first.acts, first.permille) == (sum(row.count for row in rows if row.week.startswith("2019")), 10)
    assert write_csv(report).startswith("# Constructed")


@pytest.mark.parametrize("line", ["2019-W60,a,3", "2019-W01,a,-1", "2019-W01,a,many", "soon,a,3"])
def test_a_file_of_counts_that_cannot_be_used_says_where(tmp_path: Path, line: str) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(f"week,profession,count\n2019-W01,a,30\n{line}\n")
    with pytest.raises(ValueError, match=r"counts\.csv, row 2"):
        read(path)


def test_single_acts_that_add_up_to_a_published_sum_are_not_listed() -> None:
    """Eleven weeks or specialties of one act each, under a published eleven, would be told by being listed."""
    assert {c.count for c in build([Acts(f"2019-W{number:02}", 1) for number in range(1, 12)]).cells} == {None}
    report = build([Acts("2019-W01", 1, "doctor", f"specialty {number}") for number in range(11)])
    assert report.of("specialty") == []
    assert [c.count for c in report.of("profession", 0)] == [11]


def test_nothing_counted_and_too_little_counted_publish_nothing() -> None:
    assert build([]).cells == []
    assert {c.count for c in build([Acts("2019-W01", 10, "doctor", "skin")]).cells} == {None}
