"""From the official conditions of prescription, free text in French, to the rule names that country and carrier understand."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from toubib_drugs_fr.words import fold

MARKS: tuple[tuple[str, str], ...] = (
    (r"\bstupefiants?\b", "narcotic"),
    (r"\bordonnance securisee\b", "secured"),
    (r"\bliste i\b", "list_1"),
    (r"\bliste ii\b", "list_2"),
    (r"\busage hospitalier\b", "hospital_only"),
    (r"\bprescription hospitaliere\b", "hospital_prescription"),
    (r"\bprescription initiale hospitaliere\b", "initial_hospital"),
    (r"\bprescription initiale .*specialistes\b", "initial_specialist"),
    (r"^prescription reservee aux\b", "restricted_prescriber"),
    (r"\bsurveillance particuliere\b", "monitored"),
    (r"\bprofessionnel dentaire\b", "dental_only"),
)
_LIMIT = re.compile(r"\bprescription limitee a (.+)")
_SPAN = re.compile(r"([0-9]+) (jours?|semaines?)")
_FRACTION = re.compile(r"\bdelivrance fractionnee de ([0-9]+) jours?")


def classes(conditions: Iterable[str], substances: Iterable[str], today: date) -> frozenset[str]:
    """Every rule name that holds for a speciality on a day."""
    found = {name for condition in conditions for name in _of(fold(condition))}
    words = {word for substance in substances for word in fold(substance).split()}
    found |= {name for rule in since() if rule.word in words and today >= rule.start for name in rule.classes}
    return frozenset(found)


def _of(condition: str) -> Iterator[str]:
    yield from (name for pattern, name in MARKS if re.search(pattern, condition))
    if limit := _LIMIT.search(condition):
        spans = [(int(number) * (7 if unit.startswith("semaine") else 1), number, unit) for number, unit in _SPAN.findall(limit[1])]
        # "7 days or 28 days" depends on the pack, which a prescription does not name: the longest is the limit
        yield from [f"max_{number}_{'weeks' if unit.startswith('semaine') else 'days'}" for _, number, unit in sorted(spans)[-1:]]
    if fraction := _FRACTION.search(condition):
        yield f"fraction_{fraction[1]}_days"


@dataclass(frozen=True, slots=True)
class Since:
    """Classes that a substance has from a day, whatever an edition of the file says."""

    word: str
    start: date
    classes: tuple[str, ...]


@cache
def since() -> tuple[Since, ...]:
    """The rows of `data/secured_since.csv`."""
    text = resources.files(__package__).joinpath("data/secured_since.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(Since(row["word"], date.fromisoformat(row["from"]), tuple(row["classes"].split())) for row in rows)
