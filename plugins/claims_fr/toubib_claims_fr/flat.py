"""The flat contribution (a doctor's act) and the franchise (a nurse's or auxiliary's act), with their ceilings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from toubib_claims_fr.book import Book
from toubib_claims_fr.dated import Row
from toubib_claims_fr.lines import Line
from toubib_claims_fr.profile import Entitlement, anniversary_passed
from toubib_claims_fr.ruleset import Kind

DOCTOR_ACTS = frozenset({Kind.TELECONSULTATION, Kind.IN_PERSON})
AUXILIARY_ACTS = frozenset({Kind.ACCOMPANIMENT, Kind.REMOTE_CARE})


@dataclass(frozen=True, slots=True)
class Flat:
    """What the fund keeps: `count` contributions for `amount` cents in all, and the rule that decided."""

    amount: int
    count: int
    rule: Row | None


NOTHING = Flat(0, 0, None)


def flat_contribution(book: Book, lines: Sequence[Line], gross: int) -> Flat:
    """The contribution on these lines, never more than the insurance pays (`gross`, in cents)."""
    family, acts = _acts(book, lines)
    if not acts or gross == 0:
        return NOTHING
    exempt = _exemption(book)
    if exempt is not None:
        return Flat(0, 0, exempt)
    return _counted(book, family, acts, gross)


def _acts(book: Book, lines: Sequence[Line]) -> tuple[str, int]:
    """The family of contributions and how many acts owe one; supplements and tracers never do."""
    kinds = [line.act.kind for line in lines]
    consultations = sum(kind in DOCTOR_ACTS for kind in kinds)
    care = sum(kind in AUXILIARY_ACTS for kind in kinds)
    if consultations:
        return "flat.doctor", consultations if book.is_doctor else 0
    if care:
        return "flat.auxiliary", care
    return ("flat.auxiliary" if book.is_auxiliary else "flat.doctor"), _raw_act(book, kinds)


def _raw_act(book: Book, kinds: Sequence[Kind]) -> int:
    """Bases given by a source count as one act together, if the performer's acts owe a contribution."""
    return int(Kind.RAW in kinds and (book.is_doctor or book.is_auxiliary))


def _exemption(book: Book) -> Row | None:
    profile = book.profile
    new_year = date(profile.care_date.year, 1, 1)
    adult_age = book.parameter("flat.minor")
    if profile.birth_date and not anniversary_passed(profile.birth_date, adult_age.value, new_year):
        return adult_age
    rights = (
        (Entitlement.C2S, "flat.c2s"),
        (Entitlement.MATERNITY, "flat.maternity"),
        (Entitlement.AME, "flat.ame"),
    )
    return next((book.parameter(rule) for right, rule in rights if profile.has(right)), None)


def _counted(book: Book, family: str, acts: int, gross: int) -> Flat:
    year, day = book.parameter(f"{family}.max_per_year"), book.parameter(f"{family}.max_per_day")
    left_in_year = max(0, year.value - (book.profile.flat_taken or 0))
    left_in_day = max(0, day.value - (book.profile.acts_same_day or 0))
    count = min(acts, left_in_year, left_in_day)
    if count == 0:
        return Flat(0, 0, year if left_in_year == 0 else day)
    amount = book.parameter(f"{family}.amount")
    return Flat(min(count * amount.value, gross), count, amount)
