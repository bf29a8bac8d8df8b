"""The sponsor as one more payer. Pure: settings, context and the evidence that stands in it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from toubib.contracts.common import ContractError, Message, Money
from toubib.contracts.identity import FactType, Sensitivity
from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import (
    ActChoice,
    AssembledClaim,
    CaseRunner,
    ClaimState,
    CoverageStatus,
    FactNeed,
    FrozenItem,
    Quote,
    QuoteContext,
    ReimbursementPack,
    Share,
)
from toubib_sponsor.entitlements import LEFT, PLAN, WHY_NOT, payer
from toubib_sponsor.settings import Plan, SponsorSettings
from toubib_sponsor.texts import CODE, DOMAIN, REASONS, say

SOURCE = "agreement with the sponsor, in the settings of this installation"
LONGEST = 40


def code_fact() -> FactType:
    """The member's code, as the patient types it."""
    return FactType(
        CODE,
        say("Code of your insurer or employer"),
        say("If one of them pays for this platform. Only the code, a reference and the day are sent to it, never why you come."),
        Sensitivity.PERSONAL,
        normalise,
    )


def normalise(text: str) -> str:
    """Capital letters, digits and hyphens; raises `ContractError` for anything else."""
    found = "".join(text.split()).upper().replace("\u2010", "-").replace("\u2013", "-")
    if not found or len(found) > LONGEST or not all(c.isascii() and (c.isalnum() or c == "-") for c in found):
        raise ContractError(say("A code is made of letters, digits and hyphens, as in ABCD-1234."))
    return found


class SponsorPack(ReimbursementPack):
    """Pays what a plan says, within what the evidence leaves."""

    name = DOMAIN
    title: Message = say("Sponsor")

    def __init__(self, settings: SponsorSettings) -> None:
        self._settings = settings

    def facts_needed(self, context: QuoteContext) -> Sequence[FactNeed]:  # noqa: ARG002  nothing depends on the visit
        """The code; without it nobody is refused, and nobody but the patient pays."""
        return (FactNeed(CODE, blocking=False),) if self._settings.plans else ()

    def acts(self, context: QuoteContext) -> Sequence[ActChoice]:  # noqa: ARG002  nothing depends on the visit
        """None: a sponsor knows no acts."""
        return ()

    def quote(self, contexts: Sequence[QuoteContext], so_far: Sequence[Sequence[Share]]) -> Sequence[Quote | None]:
        """One answer for each visit with a code that was looked at; no say in the others."""
        return [self._quote(context, before) for context, before in zip(contexts, so_far, strict=True)]

    def _quote(self, context: QuoteContext, before: Sequence[Share]) -> Quote | None:
        plan = self._settings.plan(context.evidence.get(PLAN, ""))
        if plan is None:
            return None
        if why_not := _why_not(plan, context, before):
            return _nothing(plan, why_not)
        amount = _amount(plan, context, before)
        if amount == 0:
            return _nothing(plan, "limit" if context.evidence.get(LEFT) == "0" else "")
        share = Share(
            payer(plan),
            say("%(name)s, for its members", name=plan.name),
            Money(amount, context.currency),
            (_why(plan),),
            excludes=frozenset(plan.excludes),
            direct=True,
        )
        return Quote(DOMAIN, plan.key, CoverageStatus.COVERED, (), (share,))

    def items(self, context: QuoteContext, quote: Quote) -> Sequence[FrozenItem]:  # noqa: ARG002  nothing is claimed visit by visit
        """None: a sponsor gets a statement a month."""
        return ()

    def assemble(self, grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> AssembledClaim:  # noqa: ARG002  nothing to assemble
        """Says that no claim is needed."""
        return AssembledClaim(grouping_key, ClaimState.NONE_REQUIRED, {}, 1, say("No claim is needed."), say("Nothing is left to do."))

    def cases(self, header: Sequence[str]) -> CaseRunner | None:  # noqa: ARG002  no golden cases
        """No golden cases."""
        return None

    def rulesets(self) -> Iterable[Why]:
        """One rule for each plan."""
        return [_why(plan) for plan in self._settings.plans]


def _why_not(plan: Plan, context: QuoteContext, before: Sequence[Share]) -> str:
    if any(DOMAIN in share.excludes for share in before):
        return "others"
    if context.currency != plan.currency:
        return "currency"
    return context.evidence.get(WHY_NOT, "")


def _amount(plan: Plan, context: QuoteContext, before: Sequence[Share]) -> int:
    """Minor units, rounded down: the plan's part of the price or of the rest, within what is left of price and limits."""
    price = sum(c.charged.minor * c.qty for c in context.charges)
    left = max(0, price - sum(s.amount.minor for s in before if not s.deduction))
    wanted = (price if plan.basis == "gross" else left) * plan.permille // 1000
    limits = [left, *([plan.at_most_minor] if plan.at_most_minor else []), *([int(context.evidence[LEFT])] if LEFT in context.evidence else [])]
    return min(wanted, *limits)


def _nothing(plan: Plan, why_not: str) -> Quote:
    said = (Message(DOMAIN, REASONS[why_not].key, {"name": plan.name}),) if why_not else ()
    return Quote(DOMAIN, plan.key, CoverageStatus.NOT_COVERED, (), (), warnings=said)


def _why(plan: Plan) -> Why:
    percent = f"{plan.permille / 10:g}"
    if plan.basis == "gross":
        sentence = say("%(name)s pays %(percent)s %% of the price for its members, straight to the practice.", name=plan.name, percent=percent)
    else:
        sentence = say("%(name)s pays %(percent)s %% of what others leave to its members, straight to the practice.", name=plan.name, percent=percent)
    return Why(f"{DOMAIN}.{plan.key}.{plan.basis}", sentence, SOURCE, plan.valid_from)
