"""What most country packs have in common: reading data files, places by name, numbers in groups, words, plain checks of a draft."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from importlib import resources

from toubib.contracts.common import ContractError, Message, Place
from toubib.contracts.prescription import MedicationLine
from toubib.contracts.reasons import Confidence, Why
from toubib.i18n import CORE, NBSP
from toubib.services.names import fold

OLDEST = 125
"""Years that nobody has outlived (the oldest person whose age is proved died at 122)."""
EUROPEAN_UNION = frozenset(
    [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
        "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ]
)  # fmt: skip
"""Member states, for packs of any of them: in all of them 112 is called (directive (EU) 2018/1972, article 109)."""
PROFESSIONS: Mapping[str, Message] = {
    "physician": Message(CORE, "Doctor"),
    "nurse": Message(CORE, "Nurse"),
    "midwife": Message(CORE, "Midwife"),
    "physiotherapist": Message(CORE, "Physiotherapist"),
    "psychologist": Message(CORE, "Psychologist"),
    "pharmacist": Message(CORE, "Pharmacist"),
    "speech_therapist": Message(CORE, "Speech therapist"),
    "orthoptist": Message(CORE, "Orthoptist"),
    "podiatrist": Message(CORE, "Podiatrist"),
    "general_practice": Message(CORE, "General practitioner"),
    "paediatrics": Message(CORE, "Paediatrician"),
    "psychiatry": Message(CORE, "Psychiatrist"),
    "dermatology": Message(CORE, "Dermatologist"),
    "gynaecology": Message(CORE, "Gynaecologist"),
}
"""Families of professions, and the specialties asked for most, by the codes that packs share. Where a language has forms by gender,
the translation names the women's and the men's form, or one word for all."""
FAMILIES = frozenset(
    ["physician", "nurse", "midwife", "physiotherapist", "psychologist", "pharmacist", "speech_therapist", "orthoptist", "podiatrist"]
)
"""The codes among `PROFESSIONS` that are professions; whatever else a pack names is a specialty."""


def rows_of(package: str, name: str) -> Iterator[dict[str, str]]:
    """Rows of one CSV in a package's `data` folder; lines that begin with `#` are remarks."""
    text = resources.files(package).joinpath("data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))


class Places:
    """Places by the beginning of their name, or of another name of theirs; accents folded, an exact match first, then the largest."""

    def __init__(self, country: str, rows: Iterable[dict[str, str]]) -> None:
        self._places = [(_names(row), Place(country, row["name"], "", row["region"], int(row["lat_e6"]), int(row["lon_e6"]))) for row in rows]

    def find(self, text: str, limit: int) -> Sequence[Place]:
        """At most `limit` places; none for an empty text. The rows come largest first."""
        wanted = fold(text)
        found = [(wanted not in names, place) for names, place in self._places if wanted and any(name.startswith(wanted) for name in names)]
        return tuple(place for _, place in sorted(found, key=lambda item: item[0])[: max(limit, 0)])


def _names(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(fold(row[column]) for column in ("name", "other") if row[column])


def grouped(value: str, *sizes: int) -> str:
    """A number in groups that the eye can compare, separated by no-break spaces."""
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return NBSP.join(parts)


def masked(value: str, shown: int) -> str:
    """All but the last characters hidden."""
    return "•" * (len(value) - shown) + value[-shown:]


def check_birth_date(value: date, today: date) -> None:
    """Raises `ContractError` for a date in the future, or longer ago than anybody has lived."""
    if value > today:
        raise ContractError(Message(CORE, "Birth date: it lies in the future."))
    if value.year < today.year - OLDEST:
        raise ContractError(Message(CORE, "Birth date: it lies more than %(years)s years back. Look at the year.", {"years": OLDEST}))


def line_faults(lines: Sequence[MedicationLine]) -> tuple[Message, ...]:
    """What no prescription of any country may lack: the drug, the dose, how long or how much."""
    return tuple(fault for number, line in enumerate(lines, 1) for fault in _faults(number, line))


def _faults(number: int, line: MedicationLine) -> Iterator[Message]:
    if not line.text.strip():
        yield Message(CORE, "Line %(line)s: name the drug or its substance.", {"line": number})
    if not line.dose.strip():
        yield Message(CORE, "Line %(line)s, %(drug)s: write the dose.", {"line": number, "drug": line.text})
    if line.duration_days is None and not line.quantity.strip():
        yield Message(CORE, "Line %(line)s, %(drug)s: write the duration or the number of units.", {"line": number, "drug": line.text})
    if line.duration_days is not None and line.duration_days <= 0:
        yield Message(CORE, "Line %(line)s, %(drug)s: the duration is at least one day.", {"line": number, "drug": line.text})


def facts_of(package: str, domain: str, name: str = "facts.csv") -> Sequence[Why]:
    """The facts of a data file (`rule,sentence,source,valid_from,confidence`) for the administrator's list; sentences of the pack's catalogue."""
    return tuple(
        Why(
            row["rule"],
            Message(domain, row["sentence"]),
            row["source"],
            date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
            Confidence(row["confidence"]),
        )
        for row in rows_of(package, name)
    )
