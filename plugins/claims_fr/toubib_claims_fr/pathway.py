"""The coordinated care pathway: when leaving it counts, and what it costs."""

from collections.abc import Sequence

from toubib_claims_fr.book import Book
from toubib_claims_fr.dated import Row
from toubib_claims_fr.lines import CONSULTATION_ACTS, Line
from toubib_claims_fr.money import share_of
from toubib_claims_fr.profile import OutPolicy, Pathway, anniversary_passed


def concerns(book: Book) -> bool:
    """Whether the pathway matters at all: a doctor's own consultation for somebody of 16 or more."""
    return consultation(book) and book.is_doctor and not too_young(book)


def consultation(book: Book) -> bool:
    """Whether the bill has an act of consultation at all."""
    return any(book.act(s).kind in CONSULTATION_ACTS for s in book.profile.services)


def too_young(book: Book) -> bool:
    """Whether the patient is below the age from which the pathway applies; unknown birth dates are not."""
    birth, profile = book.profile.birth_date, book.profile
    if birth is None:
        return False
    return not anniversary_passed(birth, book.value("pathway.from_age"), profile.care_date)


def is_out(book: Book) -> bool:
    """Whether the visit is out of pathway in a way that costs something."""
    profile = book.profile
    return profile.pathway is Pathway.OUT and not profile.switched_off and concerns(book)


def reduction(book: Book, lines: Sequence[Line], *, out: bool) -> tuple[int, Row | None]:
    """The majoration of the patient's share: 40 % of the base, capped at 40 % of the reference consultation."""
    if not out or book.profile.policy is OutPolicy.NOT_COVERED:
        return 0, None
    mine = [line for line in lines if line.act.kind in CONSULTATION_ACTS]
    rule = book.parameter("pathway.reduction_percent")
    cap = share_of(book.reference_consultation().value, book.value("pathway.cap_percent"))
    full = share_of(sum(line.base for line in mine), rule.value)
    return min(full, cap, sum(line.gross for line in mine)), rule
