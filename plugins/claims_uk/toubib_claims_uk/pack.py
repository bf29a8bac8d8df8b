"""The reimbursement pack of the United Kingdom: nothing is claimed for a visit."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from toubib.contracts.common import Message, Money
from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import (
    ActChoice,
    AssembledClaim,
    CaseRunner,
    Charge,
    ClaimState,
    CoverageStatus,
    FactNeed,
    FrozenItem,
    PricedLine,
    Quote,
    QuoteContext,
    ReimbursementPack,
    Share,
)
from toubib_claims_uk import facts
from toubib_claims_uk.cases import case_runner
from toubib_claims_uk.messages import msg
from toubib_claims_uk.prescription import CURRENCY, item_reason, values
from toubib_claims_uk.settings import Settings

RULESET = "claims_uk-2026-11"
CONSULTATION = "consultation"
FREE = "consultation.nhs"
ABROAD = msg("The NHS pays practices in the United Kingdom. What care abroad brings back is not known here: ask the NHS, and keep the invoice.")
PRIVATE = msg("You are seen privately and pay the price; send the receipt to your insurer if you have one.")


class BritishPack(ReimbursementPack):
    """An NHS consultation is free and claimed from nobody; a private one is paid by the patient. Pure."""

    name = "claims_uk"
    title: Message = msg("NHS and private care in the United Kingdom")
    country = "GB"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def facts_needed(self, context: QuoteContext) -> Sequence[FactNeed]:
        """How the patient is seen, only at a practice of the NHS; then number and nation, which the visit does without."""
        if _elsewhere(context) or not _works_for_the_nhs(context):
            return ()
        return (FactNeed(facts.SEEN_AS, True), FactNeed(facts.NHS_NUMBER, False), FactNeed(facts.NATION, False))

    def acts(self, context: QuoteContext) -> Sequence[ActChoice]:  # noqa: ARG002  nothing depends on the visit
        """One act without a tariff."""
        return (ActChoice(CONSULTATION, msg("Consultation"), None),)

    def charges(self, context: QuoteContext) -> Sequence[Charge]:
        """An NHS consultation has no price."""
        if not _as_nhs(context):
            return context.charges
        return tuple(replace(charge, charged=Money(0, charge.charged.currency)) for charge in context.charges)

    def quote(self, contexts: Sequence[QuoteContext], so_far: Sequence[Sequence[Share]]) -> Sequence[Quote]:  # noqa: ARG002  others pay or not
        """One quote per context, never with a share."""
        return [self._quote(context) for context in contexts]

    def _quote(self, context: QuoteContext) -> Quote:
        lines = tuple(PricedLine(c.code or CONSULTATION, msg("Consultation"), c.charged, None) for c in self.charges(context))
        if _elsewhere(context):
            return Quote(self.name, RULESET, CoverageStatus.NOT_COVERED, lines, (), warnings=(ABROAD,))
        if _works_for_the_nhs(context) and facts.SEEN_AS not in context.patient.facts:
            return Quote(self.name, RULESET, CoverageStatus.NEEDS_EVIDENCE, (), (), missing=(facts.SEEN_AS,))
        if not _as_nhs(context):
            return Quote(self.name, RULESET, CoverageStatus.NOT_COVERED, lines, (), warnings=(PRIVATE,))
        return Quote(self.name, RULESET, CoverageStatus.COVERED, lines, (), reasons=_reasons(context))

    def items(self, context: QuoteContext, quote: Quote) -> Sequence[FrozenItem]:  # noqa: ARG002  nothing depends on the visit
        """Nothing is claimed."""
        return ()

    def assemble(self, grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> AssembledClaim:  # noqa: ARG002  nothing to assemble
        """Says that no claim is required."""
        return AssembledClaim(grouping_key, ClaimState.NONE_REQUIRED, {}, 1, msg("No claim is needed."), msg("Nothing is left to do."))

    def cases(self, header: Sequence[str]) -> CaseRunner | None:
        """The runner of British golden cases."""
        return case_runner(header)

    def rulesets(self) -> Iterable[Why]:
        """What a visit and an item cost, with source, date and confidence."""
        return (values().why(row, amount=Money(row.value, CURRENCY)) for row, _ in values().every())


def _elsewhere(context: QuoteContext) -> bool:
    return context.performer.country not in ("", "GB") or (bool(context.charges) and context.currency != CURRENCY)


def _works_for_the_nhs(context: QuoteContext) -> bool:
    return context.performer.attributes.get("nhs") == "yes"


def _as_nhs(context: QuoteContext) -> bool:
    return not _elsewhere(context) and _works_for_the_nhs(context) and context.patient.facts.get(facts.SEEN_AS) == facts.NHS


def _reasons(context: QuoteContext) -> tuple[Why, ...]:
    day = _day(context)
    free, item = values().on(FREE, day), item_reason(day)
    return (*((values().why(free),) if free else ()), *((item,) if item else ()))


def _day(context: QuoteContext) -> date:
    return context.care_at.astimezone(ZoneInfo(context.zone)).date()
