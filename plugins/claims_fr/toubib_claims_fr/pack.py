"""The reimbursement pack: eligibility, quote, items and draft of a French claim."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from toubib.contracts.activity import ActivityCounts, ActivitySubject, Cap, CapRule
from toubib.contracts.common import Message
from toubib.contracts.counters import CounterRule, CounterWindow
from toubib.contracts.reasons import Confidence, Why
from toubib.contracts.reimbursement import (
    ActChoice,
    AssembledClaim,
    CaseRunner,
    CoverageStatus,
    FactNeed,
    FrozenItem,
    Quote,
    QuoteContext,
    ReimbursementPack,
    Share,
)
from toubib_claims_fr import facts
from toubib_claims_fr.acts import Performer, main_codes, supplement_codes, tariff_of
from toubib_claims_fr.caps import remote_cap
from toubib_claims_fr.cases import case_runner
from toubib_claims_fr.claim import build_claim, freeze_items
from toubib_claims_fr.dated import Trust
from toubib_claims_fr.eligibility import decide
from toubib_claims_fr.explain import described, euros, why
from toubib_claims_fr.messages import msg
from toubib_claims_fr.quoting import bill_of, billed_abroad, performer_of, quote_bill
from toubib_claims_fr.reading import FLAT_COUNTER, visit_of
from toubib_claims_fr.ruleset import Ruleset, ruleset
from toubib_claims_fr.settings import Settings


class FrenchPack(ReimbursementPack):
    """French health insurance with local scheme, C2S and complementary contract. Pure; no network, no database."""

    name = "claims_fr"
    title: Message = msg("French health insurance")
    country = "FR"
    asks_emergency = True
    counters: tuple[CounterRule, ...] = (CounterRule(FLAT_COUNTER, CounterWindow.CALENDAR_YEAR),)
    cap_rules: tuple[CapRule, ...] = (CapRule(ActivitySubject.PRACTITIONER, CounterWindow.CALENDAR_YEAR),)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rules: Ruleset = ruleset()

    def facts_needed(self, context: QuoteContext) -> Sequence[FactNeed]:
        """Insurance number, scheme, cover; the treating doctor only where the pathway can change an amount; nothing of a visit abroad."""
        if billed_abroad(context):
            return ()
        visit = visit_of(context)
        eligible = decide(visit, self._rules)
        always = [FactNeed(facts.NIR, False), FactNeed(facts.SCHEME, True)]
        pathway = [FactNeed(facts.TREATING_DOCTOR, True)] if _pathway_asked(eligible.missing, visit.treating_doctor) else []
        seen = [FactNeed(facts.LAST_IN_PERSON, True)] if facts.LAST_IN_PERSON in eligible.missing else []
        cover = [FactNeed(facts.FULL_COVER, True), FactNeed(facts.COMPLEMENTARY, True)]
        return [*always, *pathway, *seen, *cover]

    def acts(self, context: QuoteContext) -> Sequence[ActChoice]:
        """Main acts of the performer, then the supplements that may join the usual one."""
        who = performer_of(context)
        return [self._choice(code, who) for code in (*main_codes(who, self._rules), *supplement_codes(who, self._rules))]

    def _choice(self, code: str, who: Performer) -> ActChoice:
        label = msg(self._rules.acts[code].label)
        row = tariff_of(code, who, self._rules)
        if row is None or (row.trust is Trust.LOW and row.rule not in self._settings.confirmed_rules):
            return ActChoice(code, label, None)
        return ActChoice(code, label, euros(row.value), why(row, code=code, base=euros(row.value)))

    def quote(self, contexts: Sequence[QuoteContext], so_far: Sequence[Sequence[Share]]) -> Sequence[Quote]:
        """One quote per context; a payer listed before may have taken the national insurance's place."""
        before = list(so_far) or [()] * len(contexts)
        return [self._quote(context, shares) for context, shares in zip(contexts, before, strict=True)]

    def _quote(self, context: QuoteContext, before: Sequence[Share]) -> Quote:
        bill = bill_of(context, self._settings, self._rules)
        return quote_bill(bill, before, self._rules)

    def items(self, context: QuoteContext, quote: Quote) -> Sequence[FrozenItem]:
        """One item per act and performer; empty when the scheme takes no part."""
        if quote.status in (CoverageStatus.NOT_COVERED, CoverageStatus.UNKNOWN):
            return ()
        return freeze_items(context, bill_of(context, self._settings, self._rules), self._rules)

    def assemble(self, grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> AssembledClaim:
        """The draft of one sheet of care: one performer, one visit. Never sent by this software."""
        return build_claim(grouping_key, items, now, self._rules)

    def caps(self, counts: ActivityCounts) -> Sequence[Cap]:
        """The share of acts at a distance in a practitioner's year."""
        return remote_cap(counts, self._rules)

    def cases(self, header: Sequence[str]) -> CaseRunner | None:
        """The runner of French golden cases."""
        return case_runner(header)

    def rulesets(self) -> Iterable[Why]:
        """Every tariff and rule with source, date and confidence."""
        every = [described(row) for row in self._rules.every_row()]
        return [replace(rule, confidence=Confidence.MEDIUM) if self._confirmed(rule) else rule for rule in every]

    def _confirmed(self, rule: Why) -> bool:
        """Whether a person of this installation confirmed a rule that is not sure by itself."""
        return rule.confidence is Confidence.LOW and rule.rule in self._settings.confirmed_rules


def _pathway_asked(missing: Sequence[str], known: str) -> bool:
    return facts.TREATING_DOCTOR in missing or bool(known)
