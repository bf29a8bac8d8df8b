"""The country pack of the United Kingdom. Pure: dated data and arithmetic only."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache

from toubib.contracts.common import Message, Place
from toubib.contracts.country import (
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
from toubib.services import country_basics
from toubib_country_uk import holidays, identifiers
from toubib_country_uk.messages import DOMAIN, msg

PACKAGE = "toubib_country_uk"
RETENTION_YEARS: Mapping[str, int] = {}

EMERGENCY = (
    EmergencyNumber("999", msg("Emergency: ambulance, police, fire brigade")),
    EmergencyNumber("112", msg("Emergency, the same as 999")),
)
ON_CALL = (EmergencyNumber("111", msg("Urgent medical advice that is not an emergency")),)
PROFESSIONS = {
    "physician": msg("Doctor"),
    "nurse": msg("Nurse"),
    "midwife": msg("Midwife"),
    "physiotherapist": msg("Physiotherapist"),
    "psychologist": msg("Psychologist"),
    "pharmacist": msg("Pharmacist"),
    "general_practice": msg("General practitioner"),
    "paediatrics": msg("Paediatrician"),
    "psychiatry": msg("Psychiatrist"),
    "dermatology": msg("Dermatologist"),
    "gynaecology": msg("Gynaecologist"),
}
MENTIONS = (
    msg("This document is not an NHS prescription and not in the Electronic Prescription Service."),
)


@cache
def _places() -> country_basics.Places:
    return country_basics.Places("GB", country_basics.rows_of(PACKAGE, "places.csv"))


class UnitedKingdom(Country):
    """What is British and not reimbursement."""

    code = "GB"
    name = msg("United Kingdom")
    zone = "Europe/London"
    currency = "GBP"
    languages: tuple[str, ...] = ("en",)
    identifier_types: tuple[IdentifierType, ...] = identifiers.TYPES
    gazetteer: Gazetteer | None = Gazetteer("GeoNames", "CC BY 4.0", date(2026, 7, 31))

    def check_identifier(self, key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
        """See `toubib_country_uk.identifiers`."""
        return identifiers.check(key, value, allow_test=allow_test)

    def check_birth_date(self, value: date, today: date) -> None:
        """Not in the future, and not longer ago than anybody has lived."""
        country_basics.check_birth_date(value, today)

    def emergency_numbers(self, place: Place | None) -> Sequence[EmergencyNumber]:
        """The numbers of the country; none of them is promised abroad."""
        if place is None or place.country in ("", self.code):
            return EMERGENCY
        return ()

    def on_call_numbers(self, place: Place | None) -> Sequence[EmergencyNumber]:
        """Whom to ask when it is no emergency, for somebody in the country."""
        return ON_CALL if place is None or place.country in ("", self.code) else ()

    def professions(self) -> Mapping[str, Message]:
        """Families of professions, and some specialties."""
        return PROFESSIONS

    def fee_sectors(self) -> Mapping[str, Message]:
        """There are none."""
        return {}

    def prescription_rules(self, context: PrescriptionContext, lines: Sequence[MedicationLine]) -> PrescriptionRules:  # noqa: ARG002  no rule here depends on it
        """What no prescription may lack, and what this document is not. Limits by drug class are not in this pack, and it says so."""
        return PrescriptionRules(
            blocks=country_basics.line_faults(lines),
            warnings=(msg("The national limits by kind of drug are not checked here. Check them before you sign."),),
            mentions=MENTIONS,
        )

    def holidays(self, year: int, region: str = "") -> Mapping[date, Message]:
        """Bank holidays; `region` is `SCT`, `NIR`, or England and Wales for any other."""
        return holidays.holidays(year, region)

    def places(self, text: str, limit: int) -> Sequence[Place]:
        """Places of the sample by name."""
        return _places().find(text, limit)

    def recording_allowed(self) -> bool:
        """Not recorded: whether it is allowed was not verified."""
        return False

    def retention_years(self, kind: str) -> int | None:
        """See the list of facts for how sure they are."""
        return RETENTION_YEARS.get(kind)

    def data(self) -> Iterable[Why]:
        """The facts of this pack, with source and confidence."""
        return country_basics.facts_of(PACKAGE, DOMAIN)
