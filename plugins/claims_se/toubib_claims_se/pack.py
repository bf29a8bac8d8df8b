"""The reimbursement pack of the Swedish regions."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from toubib.contracts.common import Message
from toubib.contracts.counters import CounterRule, CounterWindow
from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import (
    ActChoice,
    AssembledClaim,
    CaseRunner,
    Charge,
    CoverageStatus,
    FactNeed,
    FrozenItem,
    Quote,
    QuoteContext,
    ReimbursementPack,
    Share,
)
from toubib_claims_se import facts
from toubib_claims_se.cases import case_runner
from toubib_claims_se.claim import build, freeze
from toubib_claims_se.messages import msg
from toubib_claims_se.quoting import COUNTER, LABELS, Visit, care_day, charged_at_most, quote_visit, service_of, split_of, visit_of
from toubib_claims_se.rules import kronor, values, why
from toubib_claims_se.settings import Settings


class SwedishPack(ReimbursementPack):
    """The patient's region pays a digital visit but for the patient fee, which a ceiling of twelve months limits. Pure."""

    name = "claims_se"
    title: Message = msg("Swedish regions")
    country = "SE"
    counters: tuple[CounterRule, ...] = (CounterRule(COUNTER, CounterWindow.TWELVE_MONTHS_FROM_FIRST),)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known = values(settings.confirmed_rules)

    def _visit(self, context: QuoteContext) -> Visit:
        return visit_of(context, self._settings, self._known)

    def facts_needed(self, context: QuoteContext) -> Sequence[FactNeed]:
        """The region, the number and the free card; nothing where no region takes part."""
        if self._visit(context).refusal is not None:
            return ()
        return (FactNeed(facts.PERSONNUMMER, False), FactNeed(facts.REGION, True), FactNeed(facts.FREE_CARD, False))

    def acts(self, context: QuoteContext) -> Sequence[ActChoice]:
        """The contact that fits the performer, with the amount of the agreement when it is known."""
        service = service_of(context)
        row = self._known.on(f"tariff.{service}", care_day(context))
        return (ActChoice(service, LABELS[service], kronor(row.value) if row else None, why(self._known, row) if row else None),)

    def charges(self, context: QuoteContext) -> Sequence[Charge]:
        """Under the agreement nobody is charged more than it pays."""
        visit = self._visit(context)
        if visit.refusal is not None or visit.tariff is None:
            return context.charges
        return tuple(replace(charge, charged=amount) for charge, amount in zip(context.charges, charged_at_most(context, visit), strict=True))

    def quote(self, contexts: Sequence[QuoteContext], so_far: Sequence[Sequence[Share]]) -> Sequence[Quote]:
        """One quote per context."""
        before = list(so_far) or [()] * len(contexts)
        return [quote_visit(c, self._visit(c), shares, self._settings, self._known) for c, shares in zip(contexts, before, strict=True)]

    def items(self, context: QuoteContext, quote: Quote) -> Sequence[FrozenItem]:
        """The part of the region; nothing where it takes none."""
        if quote.status is not CoverageStatus.COVERED:
            return ()
        visit = self._visit(context)
        patient = split_of(context, visit, self._settings, self._known).patient
        return freeze(context, visit, sum(share.amount.minor for share in quote.shares), patient)

    def assemble(self, grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> AssembledClaim:
        """The invoice of a month to a region, of all its insured."""
        return build(grouping_key, items, now)

    def cases(self, header: Sequence[str]) -> CaseRunner | None:
        """The runner of Swedish golden cases."""
        return case_runner(header)

    def rulesets(self) -> Iterable[Why]:
        """Every tariff and ceiling with source, date and confidence."""
        return (why(self._known, row) for row, _ in self._known.every())
