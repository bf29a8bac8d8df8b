"""Rules and tariffs in use that nobody read at their source yet: what an operator checks, or lets a person confirm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from toubib.contracts.reimbursement import Confidence, ReimbursementPack, Why


@dataclass(frozen=True, slots=True)
class Unverified:
    """A rule of a pack that is not sure. `moves_money` is false where it waits for a person's confirmation."""

    pack: str
    rule: Why
    moves_money: bool


def unverified(packs: Iterable[ReimbursementPack]) -> Sequence[Unverified]:
    """Every rule of these packs below high confidence; those that wait for a person come first."""
    found = [Unverified(p.name, w, w.confidence is not Confidence.LOW) for p in packs for w in p.rulesets()]
    return sorted((u for u in found if u.rule.confidence is not Confidence.HIGH), key=lambda u: (u.moves_money, u.pack, u.rule.rule))
