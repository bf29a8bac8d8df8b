"""Where the acts of the national report come from: settled visits of this installation, or a file of counts."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from toubib import runtime
from toubib.db import session, vault
from toubib.db.tables.directory import Location, Organisation, PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import ChargeItem
from toubib.db.tables.people import Person
from toubib.services.national_report import Acts, Report, build, period_of

AGES = ((0, 15), (16, 39), (40, 69), (70, 0))
"""Age bands in years, both ends included; the last is open."""


def current() -> Report:
    """The report of this installation: from the file of counts where the settings name one, else from settled visits. Within a unit of work."""
    settings = runtime.current().settings
    if settings.report.counts is None:
        return build(settled(), settings.report.forecast)
    notes, acts = read(settings.folder / settings.report.counts)
    return build(acts, settings.report.forecast, notes)


def read(path: Path) -> tuple[Sequence[str], Sequence[Acts]]:
    """A file of counts: comment lines say what it is, columns are those of `Acts`. `ValueError` names a line that cannot be used."""
    lines = path.read_text(encoding="utf-8").splitlines()
    notes = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    known = {field.name for field in fields(Acts)}
    acts = []
    for number, row in enumerate(csv.DictReader(line for line in lines if not line.startswith("#")), 1):
        try:
            acts.append(_row({name: (value or "").strip() for name, value in row.items() if name in known}))
        except (KeyError, ValueError) as error:
            raise ValueError(f"{path.name}, row {number}: {error}") from error
    return notes, acts


def _row(row: Mapping[str, str]) -> Acts:
    count = int(row["count"])
    if count < 0:
        raise ValueError("a count below nothing")
    period_of(row["week"])
    return Acts(count=count, **{name: value for name, value in row.items() if name != "count"})


def settled() -> Sequence[Acts]:
    """Acts of settled visits by the day of care (when it began, in the practice's zone): who performed, where from, and the patient's age then."""
    query = (
        select(ChargeItem, Encounter, PractitionerRole, Location)
        .where(ChargeItem.encounter_id == Encounter.id, ChargeItem.performer_role_id == PractitionerRole.id)
        .where(PractitionerRole.location_id == Location.id)
        .where(Encounter.status == "settled", col(ChargeItem.frozen_at).is_not(None))
    )
    regions, counts = cache(_region), Counter[Acts]()
    for item, encounter, role, location in session().exec(query):
        day = _day(encounter, session().get_one(Organisation, encounter.organisation_id).zone)
        year, number, _ = day.isocalendar()
        region = regions(location.country, location.postcode)
        department = f"{location.country} {location.postcode[:2]}".strip()
        counts[Acts(f"{year}-W{number:02}", 0, role.profession, role.specialty, region, department, _age(encounter.person_id, day))] += item.qty
    return [replace(kind, count=count) for kind, count in counts.items()]


def _day(encounter: Encounter, zone: str) -> date:
    moments: Iterator[datetime | None] = iter((encounter.admitted_at, encounter.ended_at, encounter.settled_at))
    return next((at for at in moments if at), encounter.created_at).astimezone(ZoneInfo(zone)).date()


def _region(country: str, postcode: str) -> str:
    """The region that the country's list of places gives a postcode; the country where it knows none."""
    pack = runtime.current().registry.countries.get(country)
    found = pack.places(postcode, 1) if pack and postcode else ()
    return f"{country} {found[0].region}".strip() if found else country


def _age(person_id: str | None, day: date) -> str:
    row = session().get(Person, person_id) if person_id else None
    born = vault().read(row, "birth_date") if row else ""
    if not born:
        return ""
    birth = date.fromisoformat(born)
    years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    return next(f"{first}-{last}" if last else f"{first}+" for first, last in AGES if not last or years <= last)
