"""The country pack of Germany. Pure: dated data and arithmetic only."""

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
from toubib_country_de import holidays, identifiers
from toubib_country_de.messages import DOMAIN, msg

PACKAGE = "toubib_country_de"
RETENTION_YEARS = {"record": 10}

EMERGENCY = (EmergencyNumber("112", msg("Emergency: ambulance and fire brigade")),)
ON_CALL = (EmergencyNumber("116117", msg("Doctor on call, when the practices are closed and it is no emergency")),)
UNION = frozenset(
    [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
        "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ]
)  # fmt: skip
"""Member states of the European Union, where 112 is called everywhere (directive (EU) 2018/1972, article 109)."""
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
    msg("This document is not the electronic prescription (E-Rezept): it is in no national service."),
)


@cache
def _places() -> country_basics.Places:
    return country_basics.Places("DE", country_basics.rows_of(PACKAGE, "places.csv"))


class Germany(Country):
    """What is German and not reimbursement."""

    code = "DE"
    name = msg("Germany")
    zone = "Europe/Berlin"
    currency = "EUR"
    languages: tuple[str, ...] = ("de",)
    identifier_types: tuple[IdentifierType, ...] = identifiers.TYPES
    gazetteer: Gazetteer | None = Gazetteer("GeoNames", "CC BY 4.0", date(2026, 7, 31))

    def check_identifier(self, key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
        """See `toubib_country_de.identifiers`."""
        return identifiers.check(key, value, allow_test=allow_test)

    def check_birth_date(self, value: date, today: date) -> None:
        """Not in the future, and not longer ago than anybody has lived."""
        country_basics.check_birth_date(value, today)

    def emergency_numbers(self, place: Place | None) -> Sequence[EmergencyNumber]:
        """112 first, which is also called everywhere in the European Union; nothing is known of other places abroad."""
        if place is None or place.country in ("", self.code):
            return EMERGENCY
        return EMERGENCY if place.country in UNION else ()

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
        """Public holidays; `region` is the two letters of the state (`BY`, `NW`); without it those of every state."""
        return holidays.holidays(year, region)

    def places(self, text: str, limit: int) -> Sequence[Place]:
        """Places of the sample by name."""
        return _places().find(text, limit)

    def recording_allowed(self) -> bool:
        """Video consultations are not recorded (agreement on video consultations, Anlage 31b BMV-Ä)."""
        return False

    def retention_years(self, kind: str) -> int | None:
        """See the list of facts for how sure they are."""
        return RETENTION_YEARS.get(kind)

    def data(self) -> Iterable[Why]:
        """The facts of this pack, with source and confidence."""
        return country_basics.facts_of(PACKAGE, DOMAIN)
