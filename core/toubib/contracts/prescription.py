"""Prescription: drugs to choose from, and carriers that turn an issued prescription into a document.

Lines, status and dispenses are the core's; mentions and limits come from the country; a carrier makes the
signed document and its dispatch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from toubib.contracts.common import Message


@dataclass(frozen=True, slots=True)
class Drug:
    """An entry of a drug database. `classes` are rule names such as `narcotic`, `list_1`, `secured`."""

    system: str
    code: str
    name: str
    form: str
    route: str
    substances: tuple[str, ...] = ()
    classes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MedicationLine:
    """One line of a prescription. Free text (no code) is possible and marked as such on the document.

    `dose` e.g. "1 comprimé", `timing` e.g. "matin et soir", `duration_days` or `quantity` at least one.
    """

    text: str
    dose: str
    timing: str = ""
    duration_days: int | None = None
    quantity: str = ""
    repeats: int = 0
    system: str = ""
    code: str = ""
    classes: frozenset[str] = frozenset()
    not_substitutable: str = ""
    long_term_condition: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """A name and address as printed on a document."""

    name: str
    lines: tuple[str, ...] = ()
    identifiers: Mapping[str, str] = field(default_factory=dict)
    phone: str = ""
    email: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient as printed: names, birth date, sex as the country's rules ask."""

    name: str
    birth_date: date
    sex: str
    weight_kg: str = ""


@dataclass(frozen=True, slots=True)
class IssuedPrescription:
    """A signed decision of its author, complete: what a carrier prints and dispatches."""

    id: str
    author: Party
    organisation: Party
    subject: Subject
    issued_at: datetime
    zone: str
    lines: tuple[MedicationLine, ...]
    mentions: tuple[Message, ...]
    modality: str
    locale: str
    verify_url: str
    verify_code: str
    valid_until: date | None = None
    specimen: bool = False
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class RenderedDocument:
    """The carrier's document: bytes, media type, and what it legally is in words."""

    content: bytes
    media_type: str
    filename: str
    status: Message


class Carrier(Protocol):
    """Makes the document and knows how it travels."""

    name: str
    title: Message

    def refusals(self, lines: Sequence[MedicationLine]) -> Sequence[Message]:
        """Why this carrier may not carry these lines (narcotics on a plain PDF…); empty when it may. Pure."""
        ...

    def render(self, issued: IssuedPrescription) -> RenderedDocument:
        """The signed document. Run by a job, outside any unit of work; idempotent."""
        ...

    def verify(self, content: bytes) -> Sequence[Message]:
        """What is wrong with a document that claims to be ours; empty when its signature holds."""
        ...


class DrugDatabase(Protocol):
    """A source of drugs, loaded by one command from an official file."""

    name: str

    def published_on(self) -> date | None:
        """Date of the loaded file, shown beside every search; `None` before the first import."""
        ...

    def source(self) -> Message:
        """Whose data, for display beside the date."""
        ...

    def search(self, text: str, limit: int) -> Sequence[Drug]:
        """Drugs whose name or substance begins with the words typed, accents folded, best first."""
        ...

    def get(self, code: str) -> Drug | None:
        """One drug; `None` when unknown."""
        ...
