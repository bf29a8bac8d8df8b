"""The country pack of Sweden. Pure: dated data and arithmetic only."""

from collections.abc import Mapping
from datetime import date

from toubib.contracts.common import Message
from toubib.contracts.country import CheckedIdentifier, EmergencyNumber, Gazetteer, IdentifierType
from toubib.services.country_basics import EUROPEAN_UNION
from toubib.services.plain_country import PlainCountry
from toubib_country_se import holidays, identifiers
from toubib_country_se.messages import DOMAIN, msg


class Sweden(PlainCountry):
    """What is Swedish and not reimbursement. `data/facts.csv` says of each fact where it was read and how sure it is."""

    code = "SE"
    name = msg("Sweden")
    zone = "Europe/Stockholm"
    currency = "SEK"
    languages: tuple[str, ...] = ("sv",)
    identifier_types: tuple[IdentifierType, ...] = identifiers.TYPES
    gazetteer: Gazetteer | None = Gazetteer("GeoNames", "CC BY 4.0", date(2026, 7, 31))
    domain = DOMAIN
    package = "toubib_country_se"
    emergency = (EmergencyNumber("112", msg("Emergency: danger to life")),)
    emergency_abroad = EUROPEAN_UNION
    on_call = (EmergencyNumber("1177", msg("Advice from a nurse, day and night, not for emergencies")),)
    adult_at = 18
    retention: Mapping[str, int] = {"record": 10}
    mentions = (msg("This document is not the national e-prescription: it is in no national list of medicines."),)

    def check_identifier(self, key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
        """See `toubib_country_se.identifiers`."""
        return identifiers.check(key, value, allow_test=allow_test)

    def holidays(self, year: int, region: str = "") -> Mapping[date, Message]:
        """Public holidays, the same in every region."""
        return holidays.holidays(year, region)
