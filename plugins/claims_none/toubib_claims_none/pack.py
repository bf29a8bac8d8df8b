"""The reimbursement pack of a place where nobody but the patient pays."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from toubib.contracts.common import Message
from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import (
    ActChoice,
    AssembledClaim,
    CaseRunner,
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

DOMAIN = "claims_none"
CONSULTATION = "consultation"


def msg(key: str) -> Message:
    """A sentence of the `claims_none` catalogue."""
    return Message(DOMAIN, key)


class NoPack(ReimbursementPack):
    """Asks nothing, promises nothing, claims nothing."""

    name = "claims_none"
    title: Message = msg("No reimbursement")

    def facts_needed(self, context: QuoteContext) -> Sequence[FactNeed]:  # noqa: ARG002  nothing depends on the visit
        """Nothing to ask."""
        return ()

    def acts(self, context: QuoteContext) -> Sequence[ActChoice]:  # noqa: ARG002  nothing depends on the visit
        """One act without a tariff: the price is the practitioner's."""
        return (ActChoice(CONSULTATION, msg("Consultation"), None),)

    def quote(self, contexts: Sequence[QuoteContext], so_far: Sequence[Sequence[Share]]) -> Sequence[Quote]:  # noqa: ARG002  others pay or not
        """No shares: what other payers leave stays with the patient."""
        return [_quote(context) for context in contexts]

    def items(self, context: QuoteContext, quote: Quote) -> Sequence[FrozenItem]:  # noqa: ARG002  nothing depends on the visit
        """Nothing to freeze."""
        return ()

    def assemble(self, grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> AssembledClaim:  # noqa: ARG002  nothing to assemble
        """Says that no claim is required."""
        return AssembledClaim(
            grouping_key=grouping_key,
            state=ClaimState.NONE_REQUIRED,
            payload={},
            schema_version=1,
            legal_status=msg("No claim is needed."),
            next_step=msg("Nothing is left to do."),
        )

    def cases(self, header: Sequence[str]) -> CaseRunner | None:  # noqa: ARG002  no golden cases
        """No golden cases."""
        return None

    def rulesets(self) -> Iterable[Why]:
        """No rules."""
        return ()


def _quote(context: QuoteContext) -> Quote:
    lines = tuple(PricedLine(c.code or CONSULTATION, msg("Consultation"), c.charged, None) for c in context.charges)
    return Quote(
        pack="claims_none",
        ruleset="claims_none-1",
        status=CoverageStatus.NOT_COVERED,
        lines=lines,
        shares=(),
        warnings=(msg("No scheme takes part here: the whole price stays with you."),),
    )
