"""The country pack of France. Pure: dated data and arithmetic only."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache

from toubib.contracts.common import Message, Place
from toubib.contracts.country import (
    Billed,
    CheckedIdentifier,
    Country,
    EmergencyNumber,
    Gazetteer,
    IdentifierType,
    PrescriptionContext,
    PrescriptionRules,
)
from toubib.contracts.prescription import MedicationLine
from toubib.contracts.reasons import Why
from toubib_country_fr import gazetteer, holidays, identifiers, mentions, prescription
from toubib_country_fr.data_files import rows_of
from toubib_country_fr.messages import msg, refused

OLDEST = 125
RETENTION_YEARS = {"record": 20, "invoice": 10}

EMERGENCY = (
    EmergencyNumber("15", msg("Medical emergency (SAMU)")),
    EmergencyNumber("112", msg("Any emergency, anywhere in Europe")),
    EmergencyNumber("114", msg("Emergency by text message or video, for whoever cannot hear or speak")),
    EmergencyNumber("3114", msg("Suicidal thoughts: somebody answers day and night")),
)
EUROPEAN = EMERGENCY[1:2]
ON_CALL = (
    EmergencyNumber("116 117", msg("Doctor on call at night, at weekends and on public holidays, in some regions; elsewhere call 15")),
)
"""The number of on-call care is not in service in every region, so its label says so; unverified against an official list."""
UNION = frozenset(
    [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
        "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ]
)
"""Member states of the European Union, where 112 is called everywhere."""
SECTORS = {
    "1": msg("Sector 1: the tariff of the health insurance"),
    "optam": msg("Sector 2 with moderated fees (OPTAM)"),
    "2": msg("Sector 2: free fees"),
}
FAMILIES = {
    "physician": msg("Doctor"),
    "nurse": msg("Nurse"),
    "midwife": msg("Midwife"),
    "physiotherapist": msg("Physiotherapist"),
    "speech_therapist": msg("Speech therapist"),
    "orthoptist": msg("Orthoptist"),
    "podiatrist": msg("Podiatrist"),
    "pharmacist": msg("Pharmacist"),
}


@cache
def _professions() -> Mapping[str, Message]:
    return FAMILIES | {cell["code"]: msg(cell["label"]) for cell in rows_of("professions.csv")}


class France(Country):
    """What is French and not reimbursement."""

    code = "FR"
    name = msg("France")
    zone = "Europe/Paris"
    currency = "EUR"
    languages: tuple[str, ...] = ("fr",)
    identifier_types: tuple[IdentifierType, ...] = identifiers.TYPES
    gazetteer: Gazetteer | None = gazetteer.SOURCE

    def check_identifier(self, key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
        """See `toubib_country_fr.identifiers`."""
        return identifiers.check(key, value, allow_test=allow_test)

    def check_birth_date(self, value: date, today: date) -> None:
        """Not in the future, and not more than 125 years ago."""
        if value > today:
            raise refused(msg("Birth date: it lies in the future."))
        if value.year < today.year - OLDEST:
            raise refused(msg("Birth date: it lies more than %(years)s years back. Look at the year.", years=OLDEST))

    def emergency_numbers(self, place: Place | None) -> Sequence[EmergencyNumber]:
        """15 first, since the visit is about health; abroad 112 in the European Union (directive (EU) 2018/1972, article 109)."""
        if place is None or place.country in ("", self.code):
            return EMERGENCY
        return EUROPEAN if place.country in UNION else ()

    def on_call_numbers(self, place: Place | None) -> Sequence[EmergencyNumber]:
        """On-call care, for somebody in the country."""
        return ON_CALL if place is None or place.country in ("", self.code) else ()

    def professions(self) -> Mapping[str, Message]:
        """Families of professions, and the B2 codes of specialities."""
        return _professions()

    def fee_sectors(self) -> Mapping[str, Message]:
        """The three fee sectors that patients meet."""
        return SECTORS

    def prescription_rules(self, context: PrescriptionContext, lines: Sequence[MedicationLine]) -> PrescriptionRules:
        """See `toubib_country_fr.prescription`."""
        return prescription.rules(context, lines)

    def holidays(self, year: int, region: str = "") -> Mapping[date, Message]:
        """Public holidays; `region` is a department code."""
        return holidays.holidays(year, region)

    def places(self, text: str, limit: int) -> Sequence[Place]:
        """Places by name or postcode."""
        return gazetteer.places(text, limit)

    def recording_allowed(self) -> bool:
        """Consultations are not recorded (HAS 2019, RGPD)."""
        return False

    def retention_years(self, kind: str) -> int | None:
        """Medical records 20 years (CSP R1112-7, by analogy in private practice), invoices 10 (code de commerce L123-22)."""
        return RETENTION_YEARS.get(kind)

    def invoice_mentions(self, kind: Billed, on: date) -> Sequence[Message]:  # noqa: ARG002  the same on every day that is known
        """See `toubib_country_fr.mentions`."""
        return [why.sentence for why in mentions.OF[kind]]

    def data(self) -> Iterable[Why]:
        """What invoices say, with source and confidence."""
        return [why for found in mentions.OF.values() for why in found]
