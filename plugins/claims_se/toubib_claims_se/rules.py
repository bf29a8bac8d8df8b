"""The dated values of the pack, and what they mean in kronor."""

from datetime import date

from toubib.contracts.common import Money
from toubib.contracts.reasons import Why
from toubib.services.dated import DatedValue, DatedValues
from toubib_claims_se.messages import DOMAIN

CURRENCY = "SEK"
PACKAGE = "toubib_claims_se"
RULESET = "claims_se-2026-11"
SERVICES = ("doctor", "psychologist", "other")


def values(trusted: frozenset[str] = frozenset()) -> DatedValues:
    """The data file; `trusted` are the rules that a person of the installation confirmed."""
    return DatedValues(PACKAGE, "values.csv", DOMAIN, trusted)


def kronor(minor: int) -> Money:
    """An amount in öre."""
    return Money(minor, CURRENCY)


def why(known: DatedValues, row: DatedValue) -> Why:
    """A row as a reason, its amount in kronor."""
    return known.why(row, amount=kronor(row.value))


def ceilings_before(known: DatedValues, start: date, day: date) -> frozenset[int]:
    """The ceilings that held at some time between two days; who had paid one of them exactly has a free card that outlives a rise."""
    rows = (known.known("ceiling", at) for at in (start, day, *(date(year, 1, 1) for year in range(start.year + 1, day.year + 1))))
    return frozenset(row.value for row in rows if row)
