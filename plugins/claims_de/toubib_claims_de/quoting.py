"""From a context to the quote: points for the fund, money for what the patient agreed to pay, and why."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from toubib.contracts.common import Message, Money
from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import Charge, CoverageStatus, PricedLine, Quote, QuoteContext, Share
from toubib.services.dated import DatedValues
from toubib_claims_de.facts import INSURANCE, PRIVATE, STATUTORY
from toubib_claims_de.messages import msg
from toubib_claims_de.rules import CURRENCY, LABELS, RULESET, Code, code_on

VIDEO = "01450"
IN_KIND = "SGB V; KBV, EBM"
PRIVATE_LABEL = msg("Service agreed on with you (GOÄ)")
FLAT_RATE = msg("The flat rate of the quarter comes on top, billed to your fund too; its points are not in this software.")


def care_day(context: QuoteContext) -> date:
    """The day of care by the practice's clock."""
    return context.care_at.astimezone(ZoneInfo(context.zone)).date()


def is_statutory(context: QuoteContext) -> bool:
    """Whether the statutory insurance takes this visit: its insured, at a practice in Germany that bills in euros."""
    return context.patient.facts.get(INSURANCE) == STATUTORY and refusal(context) is None


def refusal(context: QuoteContext) -> Message | None:
    """Why no German insurance takes part; `None` when one may."""
    if context.performer.country not in ("", "DE") or (context.charges and context.currency != CURRENCY):
        return msg("The statutory insurance pays practices in Germany. What care abroad brings back is not known here: ask your fund, and keep the invoice.")
    return None


def code_of(context: QuoteContext, charge: Charge, known: DatedValues) -> Code | None:
    """The code of the fee schedule that a charge stands for; `None` for a service that the patient pays."""
    if charge.code:
        return code_on(known, charge.code, care_day(context))
    return code_on(known, VIDEO, care_day(context)) if context.modality == "video" else None


def in_kind(context: QuoteContext, charge: Charge, known: DatedValues) -> bool:
    """Whether the fund gives it in kind: a code of the schedule, or the visit itself."""
    return not charge.code or code_of(context, charge, known) is not None


def charged(context: QuoteContext, known: DatedValues) -> tuple[Charge, ...]:
    """What is in kind has no price; a service that was agreed on privately keeps its own."""
    if not is_statutory(context):
        return context.charges
    return tuple(replace(c, charged=Money(0, c.charged.currency)) if in_kind(context, c, known) else c for c in context.charges)


def quote_visit(context: QuoteContext, before: Sequence[Share], known: DatedValues) -> Quote:
    """The quote of a visit, given the shares of the payers listed before."""
    insurance = context.patient.facts.get(INSURANCE, "")
    if refused := refusal(context):
        return _nobody(refused)
    if not insurance:
        return Quote("claims_de", RULESET, CoverageStatus.NEEDS_EVIDENCE, (), (), missing=(INSURANCE,))
    if {payer for share in before for payer in share.excludes} & {"kv", "claims_de"}:
        return _nobody(msg("Another payer takes this visit over, so the fund does not pay besides it."))
    if insurance != STATUTORY:
        return _private(insurance)
    return _statutory(context, known)


def _nobody(said: Message) -> Quote:
    return Quote("claims_de", RULESET, CoverageStatus.NOT_COVERED, (), (), warnings=(said,))


def _private(insurance: str) -> Quote:
    if insurance == PRIVATE:
        said = msg("You get an invoice by the private fee schedule (GOÄ) and send it to your insurance, which pays you back by your contract.")
        return _nobody(said)
    return _nobody(msg("You get an invoice by the private fee schedule (GOÄ) and pay it yourself."))


def _statutory(context: QuoteContext, known: DatedValues) -> Quote:
    lines = tuple(_line(context, charge, known) for charge in charged(context, known))
    if any(line.base is None and line.points is None for line in lines):
        unknown = ", ".join(line.code or "-" for line in lines if line.base is None and line.points is None)
        said = msg("The points of this act are not known here (%(codes)s): the practice bills them to your fund, not to you.", codes=unknown)
        warnings: tuple[Message, ...] = (said, FLAT_RATE)
    else:
        warnings = (FLAT_RATE,)
    points = sum(line.points or 0 for line in lines)
    return Quote("claims_de", RULESET, CoverageStatus.COVERED, lines, (), reasons=_reasons(lines, points), warnings=warnings)


def _reasons(lines: Sequence[PricedLine], points: int) -> tuple[Why, ...]:
    own = sum(line.charged.minor for line in lines)
    if own:
        said = msg("Your fund is billed in points (%(points)s); you pay only the service that you agreed on, %(own)s.", points=points, own=Money(own, CURRENCY))
    else:
        said = msg("0 to pay: your fund is billed in points (%(points)s).", points=points)
    return (Why("benefit_in_kind", said, IN_KIND),)


def _line(context: QuoteContext, charge: Charge, known: DatedValues) -> PricedLine:
    code = code_of(context, charge, known)
    if code is None and charge.code:
        return PricedLine(charge.code, PRIVATE_LABEL, charge.charged, charge.charged)
    if code is None:
        return PricedLine("", msg("Visit"), charge.charged, None)
    reasons = (known.why(code.row),) if code.row else ()
    points = None if code.points is None else code.points * charge.qty
    return PricedLine(code.code, LABELS[code.code], charge.charged, None, points, reasons)
