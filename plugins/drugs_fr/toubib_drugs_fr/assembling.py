"""From the four files to specialities, all in memory: nothing touches the database before everything was understood."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from toubib_drugs_fr import official
from toubib_drugs_fr.conditions import classes
from toubib_drugs_fr.official import BadFile, Row
from toubib_drugs_fr.words import fold

ACTIVE, MARKETED = "Autorisation active", "Commercialisée"
MOST_STRAY = 0.2
"""Share of lines about unknown specialities above which the files are of different editions."""


@dataclass(frozen=True, slots=True)
class Speciality:
    """One drug as the file describes it. `prescribable`: authorised and on the market."""

    code: str
    name: str
    form: str
    route: str
    substances: tuple[str, ...]
    classes: frozenset[str]
    prescribable: bool
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Edition:
    """All specialities of one publication, in the order of their names, and how many lines spoke of unknown ones."""

    specialities: Sequence[Speciality]
    stray_lines: int


def assemble(folder: Path, today: date) -> Edition:
    """Read and join the four files. Raises `BadFile`; takes a second or two for the whole official file."""
    heads = _heads(folder)
    compounds, strays = _by_code(folder, official.COMPOSITION, 0, heads)
    conditions, more = _by_code(folder, official.CONDITIONS, 0, heads)
    groups, yet_more = _by_code(folder, official.GENERICS, 2, heads)
    made = [_speciality(row, compounds[code], conditions[code], groups[code], today) for code, row in heads.items()]
    return Edition(sorted(made, key=lambda speciality: (fold(speciality.name), speciality.code)), strays + more + yet_more)


def _heads(folder: Path) -> Mapping[str, Row]:
    heads: dict[str, Row] = {}
    for row in official.rows(folder, official.SPECIALITIES):
        code = row.code(0)
        if code in heads:
            raise row.fault(f"the CIS code {code} stands in line {heads[code].number} already")
        if not row.cells[1]:
            raise row.fault("the name is missing")
        heads[code] = row
    return heads


def _by_code(folder: Path, file: str, column: int, heads: Mapping[str, Row]) -> tuple[Mapping[str, list[Row]], int]:
    found: dict[str, list[Row]] = defaultdict(list)
    strays = total = 0
    for row in official.rows(folder, file):
        code = row.code(column)
        total += 1
        if code in heads:
            found[code].append(row)
        else:
            strays += 1
    if strays > total * MOST_STRAY:
        raise BadFile(f"{file}: {strays} of {total} lines are about specialities that {official.SPECIALITIES} does not have; take all files of one edition")
    return found, strays


def _speciality(head: Row, compounds: list[Row], conditions: list[Row], groups: list[Row], today: date) -> Speciality:
    code, name, form, route, status, _, marketed = head.cells[:7]
    named = [row.cells[3] for row in compounds]
    texts = [name, *named, *(row.cells[1] for row in groups)]
    return Speciality(
        code=code,
        name=name,
        form=form,
        route=route.replace(";", ", "),
        substances=_substances(compounds) or (name.split(",")[0],),
        classes=classes((row.cells[1] for row in conditions), named, today),
        prescribable=status == ACTIVE and marketed == MARKETED,
        words=frozenset(word for text in texts for word in fold(text).split()),
    )


def _substances(compounds: list[Row]) -> tuple[str, ...]:
    """One name per active substance: its therapeutic part (FT) where the file names it, else the substance (SA)."""
    chosen: dict[str, tuple[str, str]] = {}
    for row in compounds:
        name, nature, link = row.cells[3], row.cells[6], row.cells[7]
        if link not in chosen or (nature == "FT" and chosen[link][1] != "FT"):
            chosen[link] = (name, nature)
    return tuple(dict.fromkeys(name for name, _ in chosen.values()))
