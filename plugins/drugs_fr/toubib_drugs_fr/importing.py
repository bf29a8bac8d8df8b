"""Loading an edition beside the current one and changing over in one short transaction.

While the new rows go in, searches answer from the old ones, and other writers wait no longer than for one portion.
Whatever goes wrong before the change-over, the old edition stays.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session, col, select

from toubib.db import database, require_outside
from toubib.seams import clock
from toubib_drugs_fr.assembling import Speciality, assemble
from toubib_drugs_fr.models import WORDS, Edition, SpecialityRow
from toubib_drugs_fr.official import BadFile
from toubib_drugs_fr.words import fold

PORTION = 500
ZONE = "Europe/Paris"
SOURCE = "Base de données publique des médicaments (ANSM, HAS, UNCAM)"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    published_on: date
    specialities: int
    prescribable: int
    stray_lines: int
    replaced: date | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """The edition in use."""

    published_on: date
    specialities: int


def load(folder: Path, published_on: date | None = None, *, allow_smaller: bool = False, progress: Progress = lambda _done, _all: None) -> Imported:
    """Replace what is loaded by the files of a folder. Raises `BadFile`, and then nothing has changed."""
    require_outside("an import")
    published_on, source = _label(folder, published_on)
    edition = assemble(folder, clock.today(ZONE))
    before = _current()
    _plausible(len(edition.specialities), published_on, before, allow_smaller=allow_smaller)
    number = _begin(published_on, source, len(edition.specialities))
    total = len(edition.specialities)
    progress(0, total)
    for start in range(0, total, PORTION):
        with database().unit_of_work() as work:
            _insert(work, number, start, edition.specialities[start : start + PORTION])
        progress(min(start + PORTION, total), total)
    _change_over(number)
    prescribable = sum(speciality.prescribable for speciality in edition.specialities)
    return Imported(published_on, total, prescribable, edition.stray_lines, before.published_on if before else None)


def _label(folder: Path, published_on: date | None) -> tuple[date, str]:
    """The day and source of the files: as told, or as `edition.toml` beside them says."""
    label = folder / "edition.toml"
    said = tomllib.loads(label.read_text("utf-8")) if label.is_file() else {}
    day = published_on or said.get("published_on")
    if not isinstance(day, date):
        raise BadFile("the files do not say their date: add --date YYYY-MM-DD, the day on which they were published")
    if day > clock.today(ZONE):
        raise BadFile(f"{day} lies in the future: give the day on which the files were published")
    return day, str(said.get("source", SOURCE))


def _plausible(found: int, published_on: date, before: Loaded | None, *, allow_smaller: bool) -> None:
    if before is None or allow_smaller:
        return
    if published_on < before.published_on:
        raise BadFile(f"these files are of {published_on}, older than what is loaded ({before.published_on}); add --replace to load them all the same")
    if found * 2 < before.specialities:
        raise BadFile(f"only {found} specialities, and {before.specialities} are loaded: the files look cut short; add --replace to load them all the same")


def _current() -> Loaded | None:
    with database().reading() as work:
        row = work.exec(select(Edition).where(Edition.state == "current")).first()
        return Loaded(row.published_on, row.specialities) if row else None


def _begin(published_on: date, source: str, specialities: int) -> int:
    """A new edition's number, never one that was given before; what unfinished imports left is thrown away."""
    with database().unit_of_work() as work:
        number = (work.exec(select(sa.func.max(Edition.number))).one() or 0) + 1
        _throw_away(work)
        work.add(Edition(number=number, published_on=published_on, source=source, specialities=specialities))
    return number


def _insert(work: Session, number: int, start: int, portion: Sequence[Speciality]) -> None:
    rows, words = [], []
    for position, speciality in enumerate(portion, start=start):
        rows.append(_row(number, position, speciality))
        if speciality.prescribable:
            words += [{"edition": number, "word": word, "position": position} for word in speciality.words]
    connection = work.connection()
    connection.execute(sa.insert(SpecialityRow), rows)
    if words:
        connection.execute(sa.insert(WORDS), words)


def _row(number: int, position: int, speciality: Speciality) -> dict[str, object]:
    return {
        "id": f"{number}-{speciality.code}",
        "edition": number,
        "position": position,
        "code": speciality.code,
        "name": speciality.name,
        "form": speciality.form,
        "route": speciality.route,
        "substances": list(speciality.substances),
        "classes": sorted(speciality.classes),
        "prescribable": speciality.prescribable,
        "folded": fold(speciality.name),
    }


def _change_over(number: int) -> None:
    """The new edition becomes the current one, unless another import has thrown it away meanwhile."""
    with database().unit_of_work() as work:
        work.connection().execute(sa.update(Edition).where(col(Edition.state) == "current").values(state="old"))
        taken = work.connection().execute(sa.update(Edition).where(col(Edition.number) == number).values(state="current"))
        if taken.rowcount != 1:
            raise BadFile("another import ran at the same time and its files stay; start this one again if it should follow")
    with database().unit_of_work() as work:
        _throw_away(work)


def _throw_away(work: Session) -> None:
    """Remove every edition but the current one. An import whose edition another one removed stops at its change-over."""
    connection, kept = work.connection(), sa.select(col(Edition.number)).where(col(Edition.state) == "current")
    connection.execute(sa.delete(WORDS).where(WORDS.c.edition.not_in(kept)))
    connection.execute(sa.delete(SpecialityRow).where(col(SpecialityRow.edition).not_in(kept)))
    connection.execute(sa.delete(Edition).where(col(Edition.state) != "current"))
