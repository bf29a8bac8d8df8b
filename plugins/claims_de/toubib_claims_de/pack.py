"""The reimbursement pack of Germany."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from toubib.contracts.activity import ActivityCounts, ActivitySubject, Cap, CapRule
from toubib.contracts.common import Message
from toubib.contracts.counters import CounterWindow
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
from toubib_claims_de import facts
from toubib_claims_de.caps import caps
from toubib_claims_de.cases import case_runner
from toubib_claims_de.claim import build, freeze
from toubib_claims_de.messages import msg
from toubib_claims_de.quoting import PRIVATE_LABEL, care_day, charged, is_statutory, quote_visit, refusal
from toubib_claims_de.rules import LABELS, PRIVATE_SERVICE, Code, codes_on, values
from toubib_claims_de.settings import Settings


class GermanPack(ReimbursementPack):
    """The statutory insurance gives care in kind and is billed in points, by the quarter; a private one pays its insured back. Pure."""

    name = "claims_de"
    title: Message = msg("German health insurance")
    country = "DE"
    cap_rules: tuple[CapRule, ...] = (
        CapRule(ActivitySubject.ORGANISATION, CounterWindow.QUARTER),
        CapRule(ActivitySubject.PRACTITIONER, CounterWindow.QUARTER),
    )

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known = values(settings.confirmed_rules)

    def facts_needed(self, context: QuoteContext) -> Sequence[FactNeed]:
        """The kind of insurance; the number on the card only of the statutory one; nothing where none takes part."""
        if refusal(context) is not None:
            return ()
        number = [FactNeed(facts.KVNR, False)] if context.patient.facts.get(facts.INSURANCE) in (None, facts.STATUTORY) else []
        return (FactNeed(facts.INSURANCE, True), *number)

    def acts(self, context: QuoteContext) -> Sequence[ActChoice]:
        """Codes of the day with their points, and a service that the patient agreed to pay; that one alone where no fund is billed."""
        own = ActChoice(PRIVATE_SERVICE, PRIVATE_LABEL, None)
        if not is_statutory(context):
            return (own,)
        return (*(self._choice(code) for code in sorted(codes_on(self._known, care_day(context)), key=_usual_first)), own)

    def _choice(self, code: Code) -> ActChoice:
        return ActChoice(code.code, LABELS[code.code], None, self._known.why(code.row) if code.row else None, code.points)

    def charges(self, context: QuoteContext) -> Sequence[Charge]:
        """What the fund gives in kind has no price."""
        return charged(context, self._known)

    def quote(self, contexts: Sequence[QuoteContext], so_far: Sequence[Sequence[Share]]) -> Sequence[Quote]:
        """One quote per context."""
        before = list(so_far) or [()] * len(contexts)
        return [quote_visit(context, shares, self._known) for context, shares in zip(contexts, before, strict=True)]

    def items(self, context: QuoteContext, quote: Quote) -> Sequence[FrozenItem]:
        """One item for each code that the fund is billed for."""
        return freeze(context, quote.lines) if quote.status is CoverageStatus.COVERED else ()

    def assemble(self, grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> AssembledClaim:
        """The case of a quarter: all visits of a patient at a practice."""
        return build(grouping_key, items, now)

    def caps(self, counts: ActivityCounts) -> Sequence[Cap]:
        """Limits on cases and points by video; of all cases of the practice, where its own software counts more of them."""
        return tuple(caps(self._known, replace(counts, cases=max(counts.cases, self._settings.cases_per_quarter))))

    def cases(self, header: Sequence[str]) -> CaseRunner | None:
        """The runner of German golden cases, of quotes and of limits."""
        return case_runner(header)

    def rulesets(self) -> Iterable[Why]:
        """Every code and limit with source, date and confidence."""
        return (why for _, why in self._known.every())


def _usual_first(code: Code) -> tuple[bool, str]:
    return (code.code != "01450", code.code)
