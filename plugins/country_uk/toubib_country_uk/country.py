"""The country pack of the United Kingdom. Pure: dated data and arithmetic only."""

from collections.abc import Mapping
from datetime import date

from toubib.contracts.common import Message
from toubib.contracts.country import CheckedIdentifier, EmergencyNumber, Gazetteer, IdentifierType
from toubib.services.plain_country import PlainCountry
from toubib_country_uk import holidays, identifiers
from toubib_country_uk.messages import DOMAIN, msg

SCOTLAND = "SCT"
CAPABLE_IN_SCOTLAND = 16
"""One is a minor until 18 there too, but with legal capacity from 16 on (Age of Legal Capacity (Scotland) Act 1991)."""


class UnitedKingdom(PlainCountry):
    """What is British and not reimbursement. `data/facts.csv` says of each fact where it was read and how sure it is."""

    code = "GB"
    name = msg("United Kingdom")
    zone = "Europe/London"
    currency = "GBP"
    languages: tuple[str, ...] = ("en",)
    identifier_types: tuple[IdentifierType, ...] = identifiers.TYPES
    gazetteer: Gazetteer | None = Gazetteer("GeoNames", "CC BY 4.0", date(2026, 7, 31))
    domain = DOMAIN
    package = "toubib_country_uk"
    emergency = (
        EmergencyNumber("999", msg("Emergency: ambulance, police, fire brigade")),
        EmergencyNumber("112", msg("Emergency, the same as 999")),
    )
    on_call = (EmergencyNumber("111", msg("Urgent medical advice that is not an emergency")),)
    adult_at = 18
    mentions = (msg("This document is not an NHS prescription and not in the Electronic Prescription Service."),)

    def check_identifier(self, key: str, value: str, *, allow_test: bool) -> CheckedIdentifier:
        """See `toubib_country_uk.identifiers`."""
        return identifiers.check(key, value, allow_test=allow_test)

    def holidays(self, year: int, region: str = "") -> Mapping[date, Message]:
        """Bank holidays; `region` is `SCT`, `NIR`, or England and Wales for any other."""
        return holidays.holidays(year, region)

    def majority(self, region: str = "") -> int | None:
        """18, and in Scotland 16, from when one decides alone there."""
        return CAPABLE_IN_SCOTLAND if region == SCOTLAND else super().majority(region)
