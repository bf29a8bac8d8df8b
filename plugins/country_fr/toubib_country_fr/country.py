"""The country pack of France. Pure: dated data and arithmetic only."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache

from toubib.contracts.common import Message, Place
from toubib.contracts.country import Billed, CheckedIdentifier, EmergencyNumber, Gazetteer, IdentifierType, PrescriptionContext, PrescriptionRules
from toubib.contracts.prescription import MedicationLine
from toubib.contracts.reasons import Why
from toubib.services.country_basics import EUROPEAN_UNION, PROFESSIONS, rows_of
from toubib.services.plain_country import PlainCountry
from toubib_country_fr import gazetteer, holidays, identifiers, mentions, prescription
from toubib_country_fr.messages import DOMAIN, msg

PACKAGE = "toubib_country_fr"
EUROPEAN = EmergencyNumber("112", msg("Any emergency, anywhere in Europe"))
SECTORS = {
    "1": msg("Sector 1: the tariff of the health insurance"),
    "optam": msg("Sector 2 with moderated fees (OPTAM)"),
    "2": msg("Sector 2: free fees"),
}
FAMILIES = ("physician", "nurse", "midwife", "physiotherapist", "speech_therapist", "orthoptist", "podiatrist", "pharmacist")


@cache
def _professions() -> Mapping[str, Message]:
    return {code: PROFESSIONS[code] for code in FAMILIES} | {cell["code"]: msg(cell["label"]) for cell in rows_of(PACKAGE, "professions.csv")}


class France(PlainCountry):
    """What is French and not reimbursement. `data/facts.csv` says of each fact where it was read and how sure it is."""

    code = "FR"
    name = msg("France")
    zone = "Europe/Paris"
    currency = "EUR"
    languages: tuple[str, ...] = ("fr",)
    identifier_types: tuple[IdentifierType, ...] = identifiers.TYPES
    gazetteer: Gazetteer | None = gazetteer.SOURCE
    domain = DOMAIN
    package = PACKAGE
    emergency = (
        EmergencyNumber("15", msg("Medical emergency (SAMU)")),
        EUROPEAN,
        EmergencyNumber("114", msg("Emergency by text message or video, for whoever cannot hear or speak")),
        EmergencyNumber("3114", msg("Suicidal thoughts: somebody answers day and night")),
    )
    on_call = (EmergencyNumber("116 117", msg("Doctor on call at night, at weekends and on public holidays, in some regions; elsewhere call 15")),)
    adult_at = 18
    retention: Mapping[str, int] = {"record": 20, "invoice": 10}

    def check_identifier(self, key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
        """See `toubib_country_fr.identifiers`."""
        return identifiers.check(key, value, allow_test=allow_test)

    def emergency_numbers(self, place: Place | None) -> Sequence[EmergencyNumber]:
        """15 first, since the visit is about health; elsewhere in the European Union 112 alone."""
        if place is not None and place.country in EUROPEAN_UNION - {self.code}:
            return (EUROPEAN,)
        return super().emergency_numbers(place)

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

    def invoice_mentions(self, kind: Billed, on: date) -> Sequence[Message]:  # noqa: ARG002  the same on every day that is known
        """See `toubib_country_fr.mentions`."""
        return [why.sentence for why in mentions.OF[kind]]

    def data(self) -> Iterable[Why]:
        """The facts of the data file, and what invoices say, with source and confidence."""
        return (*super().data(), *(why for found in mentions.OF.values() for why in found))
