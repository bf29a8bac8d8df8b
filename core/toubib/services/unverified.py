"""Rules, tariffs and facts in use that nobody read at their source yet: what an operator checks, or lets a person confirm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from toubib.contracts.country import Country
from toubib.contracts.reasons import Confidence, Why
from toubib.contracts.reimbursement import ReimbursementPack


@dataclass(frozen=True, slots=True)
class Unverified:
    """A rule of a pack that is not sure. `moves_money` is false where it waits for a person's confirmation, or moves none at all."""

    pack: str
    rule: Why
    moves_money: bool


def unverified(packs: Iterable[ReimbursementPack], countries: Iterable[Country] = ()) -> Sequence[Unverified]:
    """Every rule and fact of these packs below high confidence; those that wait for a person come first."""
    found = [Unverified(p.name, w, w.confidence is not Confidence.LOW) for p in packs for w in p.rulesets()]
    found += [Unverified(c.code, w, moves_money=False) for c in countries for w in c.data()]
    return sorted((u for u in found if u.rule.confidence is not Confidence.HIGH), key=lambda u: (u.moves_money, u.pack, u.rule.rule))
