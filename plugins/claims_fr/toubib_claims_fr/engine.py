"""The calculation: profile -> lines -> rates -> pathway -> flat contribution -> payers -> patient. Pure and in cents."""

from dataclasses import dataclass

from toubib_claims_fr import pathway
from toubib_claims_fr.book import Book, UnknownRuleError
from toubib_claims_fr.dated import Row
from toubib_claims_fr.flat import Flat, flat_contribution
from toubib_claims_fr.lines import Line, UnknownRulesError, priced_lines
from toubib_claims_fr.profile import Entitlement, OutPolicy, Profile
from toubib_claims_fr.ruleset import Kind, Ruleset


@dataclass(frozen=True, slots=True)
class NeedsEvidence:
    """Nothing is promised: these facts are not known, or these rules are absent or verified by nobody."""

    facts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Priced:
    """Who pays what, in cents. `gross` is the national share after the pathway majoration, before the flat part.

    `fee == (gross - flat) + local + c2s + complementary + patient`, each of them at least zero.
    """

    profile: Profile
    lines: tuple[Line, ...]
    base: int
    gross: int
    flat: Flat
    local: int
    c2s: int
    c2s_rule: Row | None
    legal_cover: int
    overrun_cover: int
    reduction: int
    reduction_rule: Row | None
    out: bool

    @property
    def net(self) -> int:
        """What the national insurance pays when it refunds the patient."""
        return self.gross - self.flat.amount

    @property
    def overrun(self) -> int:
        """What was charged above the tariff base."""
        return self.profile.fee - self.base

    @property
    def complementary(self) -> int:
        """The complementary contract's part, overrun cover included."""
        return self.legal_cover + self.overrun_cover

    @property
    def patient(self) -> int:
        """What stays with the patient for good."""
        return self.profile.fee - self.net - self.local - self.c2s - self.complementary

    @property
    def teleexpertise_only(self) -> bool:
        """Whether the bill is between professionals only, which the patient never advances."""
        return all(line.act.kind is Kind.TELEEXPERTISE for line in self.lines)


def price(profile: Profile, rules: Ruleset) -> Priced | NeedsEvidence:
    """Price one bill. A missing fact or an unverified rule gives `NeedsEvidence`, never an amount."""
    book = Book(rules, profile)
    try:
        missing = missing_facts(book)
        return NeedsEvidence(facts=missing) if missing else _price(book)
    except UnknownRuleError as error:
        return NeedsEvidence(rules=(error.rule,))
    except UnknownRulesError as error:
        return NeedsEvidence(rules=error.rules)


def missing_facts(book: Book) -> tuple[str, ...]:
    """Facts that could still move money: what cannot change an amount is not asked for."""
    profile = book.profile
    facts = {
        "performer.zone": profile.zone is None,
        "performer.sector": profile.sector is None and pathway.consultation(book) and book.is_doctor,
        "birth_date": profile.birth_date is None,
        "entitlements": profile.entitlements is None,
        "pathway": profile.pathway is None and pathway.concerns(book) and not profile.switched_off,
        "cover": profile.cover is None and _cover_matters(book),
        "flat_taken": profile.flat_taken is None,
        "acts_same_day": profile.acts_same_day is None,
    }
    return tuple(name for name, missing in facts.items() if missing)


def _cover_matters(book: Book) -> bool:
    """A contract has nothing to pay beside the C2S, or on a bill between professionals."""
    between_professionals = all(book.act(s).kind is Kind.TELEEXPERTISE for s in book.profile.services)
    return not book.profile.has(Entitlement.C2S) and not between_professionals


def _price(book: Book) -> Priced:
    profile = book.profile
    out = pathway.is_out(book)
    lines = priced_lines(book, out_of_pathway=out)
    reduction, reduction_rule = pathway.reduction(book, lines, out=out)
    gross = sum(line.gross for line in lines) - reduction
    c2s_rule = _c2s_rule(book) if profile.has(Entitlement.C2S) else None
    legal = sum(line.legal_share for line in lines if line.rate.rule != "pathway.not_covered")
    base = sum(line.base for line in lines)
    covered = profile.cover is not None and profile.cover.responsible
    return Priced(
        profile=profile,
        lines=lines,
        base=base,
        gross=gross,
        flat=flat_contribution(book, lines, gross),
        local=sum(line.local for line in lines),
        c2s=legal if c2s_rule else 0,
        c2s_rule=c2s_rule,
        legal_cover=legal if covered and not c2s_rule else 0,
        overrun_cover=_overrun_cover(book, base, out=out),
        reduction=reduction,
        reduction_rule=reduction_rule,
        out=out,
    )


def _c2s_rule(book: Book) -> Row:
    """The right was called CMU-C before November 2019."""
    day = book.profile.care_date
    return book.rules.parameter("cover.cmuc", day) or book.parameter("cover.c2s")


def _overrun_cover(book: Book, base: int, *, out: bool) -> int:
    """What the contract adds on the overrun; for a sector 2 doctor without OPTAM never more than the tariff itself."""
    profile = book.profile
    if profile.cover is None or (out and profile.policy is OutPolicy.NOT_COVERED):
        return 0
    cover = min(profile.cover.overrun_cents, profile.fee - base)
    if profile.sector == "2" and not book.is_auxiliary:
        cover = min(cover, base * book.value("cover.overrun") // 100)
    return cover
