"""The country pack of Germany. Pure: dated data and arithmetic only."""

from collections.abc import Mapping
from datetime import date

from toubib.contracts.common import Message
from toubib.contracts.country import CheckedIdentifier, EmergencyNumber, Gazetteer, IdentifierType
from toubib.services.country_basics import EUROPEAN_UNION
from toubib.services.plain_country import PlainCountry
from toubib_country_de import holidays, identifiers
from toubib_country_de.messages import DOMAIN, msg


class Germany(PlainCountry):
    """What is German and not reimbursement. `data/facts.csv` says of each fact where it was read and how sure it is."""

    code = "DE"
    name = msg("Germany")
    zone = "Europe/Berlin"
    currency = "EUR"
    languages: tuple[str, ...] = ("de",)
    identifier_types: tuple[IdentifierType, ...] = identifiers.TYPES
    gazetteer: Gazetteer | None = Gazetteer("GeoNames", "CC BY 4.0", date(2026, 7, 31))
    domain = DOMAIN
    package = "toubib_country_de"
    emergency = (EmergencyNumber("112", msg("Emergency: ambulance and fire brigade")),)
    emergency_abroad = EUROPEAN_UNION
    on_call = (EmergencyNumber("116117", msg("Doctor on call, when the practices are closed and it is no emergency")),)
    adult_at = 18
    retention: Mapping[str, int] = {"record": 10}
    mentions = (msg("This document is not the electronic prescription (E-Rezept): it is in no national service."),)

    def check_identifier(self, key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
        """See `toubib_country_de.identifiers`."""
        return identifiers.check(key, value, allow_test=allow_test)

    def holidays(self, year: int, region: str = "") -> Mapping[date, Message]:
        """Public holidays; `region` is the two letters of the state (`BY`, `NW`); without it those of every state."""
        return holidays.holidays(year, region)
