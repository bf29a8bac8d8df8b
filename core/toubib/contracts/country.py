"""Country: what differs by place apart from money: numbers, identifiers, mentions, limits, holidays, places.

There is never one `country` of a visit: the emergency number and licence follow the patient's place now,
reimbursement the coverage, currency the billing party, language the preference.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from toubib.contracts.common import Message, Place
from toubib.contracts.prescription import MedicationLine
from toubib.contracts.reasons import Why


@dataclass(frozen=True, slots=True)
class EmergencyNumber:
    """A number to dial, with what it is for; the first of a list is the one to show largest."""

    number: str
    label: Message


@dataclass(frozen=True, slots=True)
class IdentifierType:
    """A numbering system of the country: `system` (OID or URI), label, example for the form."""

    key: str
    system: str
    label: Message
    example: str


@dataclass(frozen=True, slots=True)
class CheckedIdentifier:
    """A number that passed its checks: stored form, form in groups for reading, masked form, and if a test number."""

    value: str
    display: str
    masked: str
    test: bool


@dataclass(frozen=True, slots=True)
class PrescriptionContext:
    """What limits depend on: issue date, how they met, and whether both spoke with each other."""

    on: date
    modality: str
    oral_contact: bool


@dataclass(frozen=True, slots=True)
class PrescriptionRules:
    """The country's answer for a draft: what blocks it, what to warn of, what must be printed, until when it is valid."""

    blocks: tuple[Message, ...] = ()
    warnings: tuple[Message, ...] = ()
    mentions: tuple[Message, ...] = ()
    valid_until: date | None = None


class Billed(StrEnum):
    """What an invoice is about: `care` that was given, or a booked visit that its patient `missed`."""

    CARE = "care"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Where the list of places comes from, printed on the page."""

    source: str
    licence: str
    as_of: date


class Country(Protocol):
    """A country pack. Pure functions of their arguments and dated data; no network, no database.

    A pack inherits from this class, so that what it does not need keeps its default.
    """

    code: str
    name: Message
    zone: str
    currency: str
    languages: tuple[str, ...]
    identifier_types: tuple[IdentifierType, ...]
    gazetteer: Gazetteer | None

    def check_identifier(self, key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
        """Normalise and check a number; raises `ContractError` whose message names the check that failed."""
        ...

    def check_birth_date(self, value: date, today: date) -> None:
        """Raises `ContractError` for a date that cannot be a living person's."""
        ...

    def emergency_numbers(self, place: Place | None) -> Sequence[EmergencyNumber]:
        """Numbers for somebody at `place` (`None`: anywhere in the country), the one to show largest first.

        For a place in another country: those of them that work there too, none where that is not known. The core asks so only
        for a country that has no pack here.
        """
        ...

    def on_call_numbers(self, place: Place | None) -> Sequence[EmergencyNumber]:  # noqa: ARG002  the contract's signature
        """Where somebody at `place` gets medical help by telephone when nobody receives, and it is no emergency. None by default.

        Asked as `emergency_numbers` is: for a place in another country, none where that is not known.
        """
        return ()

    def professions(self) -> Mapping[str, Message]:
        """Profession and specialty codes with the words a patient would use."""
        ...

    def fee_sectors(self) -> Mapping[str, Message]:
        """Fee sectors with their meaning in words; empty where there are none."""
        ...

    def prescription_rules(self, context: PrescriptionContext, lines: Sequence[MedicationLine]) -> PrescriptionRules:
        """Limits and legal mentions for a draft."""
        ...

    def holidays(self, year: int, region: str = "") -> Mapping[date, Message]:
        """Public holidays of a year."""
        ...

    def places(self, text: str, limit: int) -> Sequence[Place]:
        """Places whose name or postcode begins with `text`, accents folded, largest first."""
        ...

    def recording_allowed(self) -> bool:
        """Whether a consultation may be recorded at all."""
        ...

    def retention_years(self, kind: str) -> int | None:
        """How long a kind of record must be kept; `None` when the country says nothing."""
        ...

    def majority(self, region: str = "") -> int | None:  # noqa: ARG002  the contract's signature
        """Years from which somebody decides alone, so that no parent acts for them any longer; `None` when the pack does not know.

        `region` where the law differs within the country. A pack that answers gives its source in `data`, under the rule `majority.age`.
        """
        return None

    def invoice_mentions(self, kind: Billed, on: date) -> Sequence[Message]:  # noqa: ARG002  the contract's signature
        """Sentences that an invoice issued in the country on a day must bear, in its order, beside names, numbers and amounts.

        `kind` is what is billed. Asked once, when the invoice is issued: what it said then stays on it. None by default.
        """
        return ()

    def data(self) -> Iterable[Why]:
        """The pack's facts with source, date and confidence; the administrator's list of unverified ones is made of it. None by default."""
        return ()
