"""Privacy: every plugin that stores personal data exports and erases it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ExportedItem:
    """One thing held on a person: where it lies and its content, JSON-ready as text."""

    table: str
    id: str
    content: str


class PersonalData(Protocol):
    """The personal data of one owner (a plugin, or the core)."""

    name: str
    tables: tuple[str, ...]

    def export(self, person_id: str) -> Iterable[ExportedItem]:
        """Everything held on the person. Inside a unit of work."""
        ...

    def erase(self, person_id: str) -> None:
        """Remove or blank what the law does not make us keep. Inside a unit of work; idempotent."""
        ...
