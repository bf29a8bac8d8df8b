"""What a prescription costs: by item in England, nothing elsewhere or for whoever is exempt on the day."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from toubib.contracts.common import Money
from toubib.contracts.reasons import Why
from toubib.services.country_basics import rows_of
from toubib.services.dated import DatedValues
from toubib_claims_uk.messages import DOMAIN

PACKAGE = "toubib_claims_uk"
ITEM = "prescription.item"
ENGLAND = "england"
CURRENCY = "GBP"


@cache
def values() -> DatedValues:
    """The data file."""
    return DatedValues(PACKAGE, "values.csv", DOMAIN)


@cache
def exemptions() -> dict[str, date | None]:
    """Reasons to pay nothing, with their last day."""
    return {row["code"]: date.fromisoformat(row["valid_to"]) if row["valid_to"] else None for row in rows_of(PACKAGE, "exemptions.csv")}


@dataclass(frozen=True, slots=True)
class Charge:
    """What a prescription costs its patient, in pence."""

    minor: int


def charge(nation: str, items: int, exemption: str, day: date) -> Charge | None:
    """The charge on a day; `None` where no amount of that day is known."""
    if nation != ENGLAND or not items or _exempt(exemption, day):
        return Charge(0)
    row = values().on(ITEM, day)
    return Charge(row.value * items) if row else None


def _exempt(exemption: str, day: date) -> bool:
    if not exemption:
        return False
    last = exemptions()[exemption]
    return last is None or day <= last


def item_reason(day: date) -> Why | None:
    """What an item costs on a day, as a reason; `None` where that is not known."""
    row = values().on(ITEM, day)
    return values().why(row, amount=Money(row.value, CURRENCY)) if row else None
