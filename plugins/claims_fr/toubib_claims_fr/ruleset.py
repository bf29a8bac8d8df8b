"""The data files of the package, read once: acts, tariffs, parameters, specialities."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources

from toubib_claims_fr.dated import DatedTable, Row, Trust

RULESET = "claims_fr-2026.11"


class Kind(StrEnum):
    """What an act is, as far as rates, pathway and flat contribution care."""

    TELECONSULTATION = "teleconsultation"
    IN_PERSON = "in_person"
    SUPPLEMENT = "supplement"
    TELEEXPERTISE = "teleexpertise"
    ACCOMPANIMENT = "accompaniment"
    REMOTE_CARE = "remote_care"
    MIDWIFE_CARE = "midwife_care"
    PHARMACIST_CARE = "pharmacist_care"
    TRACER = "tracer"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Act:
    """A code of the nomenclature. Coefficients in hundredths (150 means 1.5)."""

    code: str
    kind: Kind
    label: str
    performed_by: frozenset[str]
    coefficient_min: int
    coefficient_max: int


@dataclass(frozen=True, slots=True)
class Speciality:
    """A B2 speciality: the profession it belongs to, its tariff group, and its direct-access rule if any."""

    code: str
    kind: str
    group: str
    direct_access: str


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """Rows of one CSV of the package's data folder."""
    text = resources.files("toubib_claims_fr").joinpath("data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def until(text: str) -> date | None:
    """A `valid_to` cell: empty means still in force."""
    return date.fromisoformat(text) if text else None


def _dated(rule: str, value: str, cell: dict[str, str]) -> Row:
    return Row(
        rule,
        int(value),
        date.fromisoformat(cell["valid_from"]),
        until(cell["valid_to"]),
        Trust(cell["confidence"]),
        cell["source"],
    )


def _tariffs() -> Iterable[tuple[tuple[str, str, str], Row]]:
    for cell in rows_of("tariffs.csv"):
        code, zone, group = cell["code"], cell["zone"], cell["speciality_group"]
        rule = ".".join(("tariff", code, zone, *(() if group == "*" else (group,))))
        yield (code, zone, group), _dated(rule, cell["base_cents"], cell)


class Ruleset:
    """Everything the scheme's rules depend on, by date. Immutable once read."""

    def __init__(self) -> None:
        self.acts = {c["code"]: _act(c) for c in rows_of("acts.csv")}
        self.specialities = {c["code_b2"]: Speciality(c["code_b2"], c["kind"], c["group"], c["direct_access"]) for c in rows_of("specialities.csv")}
        self.tariffs = DatedTable(_tariffs())
        self.parameters = DatedTable((c["rule"], _dated(c["rule"], c["value"], c)) for c in rows_of("parameters.csv"))
        self.supplements = DatedTable(
            ((c["act"], c["supplement"]), _dated(f"supplement.{c['act']}.{c['supplement']}", "1", c)) for c in rows_of("supplements.csv")
        )

    def tariff(self, code: str, zone: str, speciality: str, day: date) -> Row | None:
        """The tariff of `code` on `day`: the speciality's own row before the general one."""
        found = self.specialities.get(speciality)
        own = self.tariffs.on((code, zone, found.group), day) if found and found.group else None
        return own or self.tariffs.on((code, zone, "*"), day)

    def parameter(self, rule: str, day: date) -> Row | None:
        """A parameter in force on `day`."""
        return self.parameters.on(rule, day)

    def every_row(self) -> Iterator[Row]:
        """Each tariff, parameter and allowed supplement with its source and confidence."""
        for table in (self.tariffs, self.parameters, self.supplements):
            for _, row in table:
                yield row


def _act(cell: dict[str, str]) -> Act:
    return Act(
        cell["code"],
        Kind(cell["kind"]),
        cell["label"],
        frozenset(cell["performed_by"].split()),
        int(cell["coefficient_min_percent"]),
        int(cell["coefficient_max_percent"]),
    )


@cache
def ruleset() -> Ruleset:
    """The shipped ruleset, read on first use."""
    return Ruleset()
