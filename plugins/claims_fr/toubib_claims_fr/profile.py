"""What is priced: who cared for whom, when, with which acts and rights. `None` always means “not known”."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Entitlement(StrEnum):
    """Rights that change rates or flat contribution."""

    ALD_RELATED = "ALD_RELATED"
    MATERNITY = "MATERNITY"
    C2S = "C2S"
    AME = "AME"
    LOCAL_SCHEME_ALSACE_MOSELLE = "LOCAL_SCHEME_ALSACE_MOSELLE"


class Pathway(StrEnum):
    """Whether the visit respects the coordinated care pathway."""

    IN = "in"
    OUT = "out"


class OutPolicy(StrEnum):
    """What an out-of-pathway teleconsultation gets: the reduced rate, or nothing."""

    MINUS_40 = "minus40"
    NOT_COVERED = "not_covered"


class PaymentMode(StrEnum):
    """Who pays the practitioner on the day."""

    DIRECT = "direct"
    THIRD_PARTY_NATIONAL = "third_party_national"
    THIRD_PARTY_ALL = "third_party_all"


@dataclass(frozen=True, slots=True)
class Service:
    """One code of the bill. `coefficient` in hundredths; `raw_base` in cents when a source gives the base itself."""

    code: str
    coefficient: int = 100
    raw_base: int | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """A complementary contract: `responsible` pays the legal share, and up to `overrun_cents` of the overrun."""

    responsible: bool
    overrun_cents: int = 0


@dataclass(frozen=True, slots=True)
class Profile:
    """One performer's bill for one visit. Amounts in cents, `sector` is `1`, `optam` or `2`, `zone` `metro` or `drom`.

    `switched_off` names a rule that lifts the pathway majoration (emergency, away from home…), empty when none does.
    `confirmed` are rules of low confidence that a person has verified; `all_confirmed` says a person answers for all.
    """

    care_date: date
    services: tuple[Service, ...]
    fee: int
    speciality: str
    sector: str | None
    zone: str | None
    birth_date: date | None
    pathway: Pathway | None
    entitlements: frozenset[Entitlement] | None
    cover: Cover | None
    flat_taken: int | None = 0
    acts_same_day: int | None = 0
    policy: OutPolicy = OutPolicy.MINUS_40
    switched_off: str = ""
    confirmed: frozenset[str] = frozenset()
    all_confirmed: bool = False

    def has(self, right: Entitlement) -> bool:
        """Whether the right is known to hold."""
        return self.entitlements is not None and right in self.entitlements


def anniversary_passed(birth: date, years: int, day: date) -> bool:
    """Whether somebody born on `birth` has reached `years` on `day` (29 February counts on 1 March)."""
    return (birth.year + years, birth.month, birth.day) <= (day.year, day.month, day.day)
