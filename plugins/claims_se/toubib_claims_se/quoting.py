"""From a context to the quote: is a region concerned, what does it pay, what stays with the patient, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from toubib.contracts.common import Message, Money
from toubib.contracts.reasons import Confidence, Why
from toubib.contracts.reimbursement import CoverageStatus, PricedLine, Quote, QuoteContext, Share
from toubib.services.dated import DatedValue, DatedValues
from toubib_claims_se.engine import Period, Split, split
from toubib_claims_se.facts import FREE_CARD, REGION
from toubib_claims_se.messages import msg
from toubib_claims_se.regions import REGIONS
from toubib_claims_se.rules import CURRENCY, RULESET, ceilings_before, kronor, why
from toubib_claims_se.settings import Settings

COUNTER = "claims_se.patient_fees"
REMOTE = frozenset({"video", "text", "async", "mixed"})
LABELS = {
    "doctor": msg("Digital contact with a doctor"),
    "psychologist": msg("Digital contact with a psychologist"),
    "other": msg("Digital contact with another professional"),
}
CONTRACT = "the provider's contract with the region"


@dataclass(frozen=True, slots=True)
class Visit:
    """A context as the rules read it. `refusal` says why no region takes part, `open_points` what no answer of the patient can settle."""

    day: date
    service: str
    home: str
    charged: int
    tariff: DatedValue | None
    ceiling: DatedValue | None
    refusal: Message | None
    open_points: tuple[Message, ...]

    @property
    def gross(self) -> int:
        """What the visit may cost: its price, never above the agreement."""
        return min(self.charged, self.tariff.value) if self.tariff else self.charged


def care_day(context: QuoteContext) -> date:
    """The day of care by the practice's clock; tariffs and ceiling follow it."""
    return context.care_at.astimezone(ZoneInfo(context.zone)).date()


def service_of(context: QuoteContext) -> str:
    """The kind of contact that the agreement between regions knows."""
    stated = next((charge.code for charge in context.charges if charge.code in LABELS), "")
    return stated or {"physician": "doctor", "psychologist": "psychologist"}.get(context.performer.profession, "other")


def visit_of(context: QuoteContext, settings: Settings, known: DatedValues) -> Visit:
    """Read a context."""
    day, service = care_day(context), service_of(context)
    return Visit(
        day,
        service,
        context.patient.facts.get(REGION, ""),
        sum(charge.charged.minor * charge.qty for charge in context.charges),
        known.on(f"tariff.{service}", day),
        known.on("ceiling", day),
        _refusal(context, settings),
        tuple(_open_points(context, settings, known, day, service)),
    )


def _refusal(context: QuoteContext, settings: Settings) -> Message | None:
    if context.performer.country not in ("", "SE") or (context.charges and context.currency != CURRENCY):
        return msg("Swedish regions pay for care billed in Sweden. What care abroad brings back is not known here: ask the Swedish Social Insurance Agency.")
    if not settings.region:
        return msg("This provider has no contract with a Swedish region: the whole price stays with you, and it does not count for the free card.")
    return None


def _open_points(context: QuoteContext, settings: Settings, known: DatedValues, day: date, service: str) -> list[Message]:
    said = []
    if not context.charges:
        said.append(msg("No act has been stated yet."))
    if context.modality not in REMOTE:
        said.append(msg("Fees for this kind of contact are not known here. The amount is left to a person."))
    if settings.patient_fee_minor is None:
        said.append(msg("The region's patient fee was not entered yet. The amount is left to a person."))
    if settings.free_below_age and context.patient.birth_date is None:
        said.append(msg("The birth date is not known yet, and the patient fee depends on it."))
    missing = [rule for rule in (f"tariff.{service}", "ceiling") if known.on(rule, day) is None]
    if missing:
        said.append(msg("No verified rule or tariff for this visit on that day (%(rules)s). The amount is left to a person.", rules=", ".join(missing)))
    return said


def quote_visit(context: QuoteContext, visit: Visit, before: Sequence[Share], settings: Settings, known: DatedValues) -> Quote:
    """The quote of a visit, given the shares of the payers listed before."""
    excluded = {payer for share in before for payer in share.excludes}
    if visit.refusal is not None or excluded & {"region", "claims_se"}:
        said = visit.refusal or msg("Another payer takes this visit over, so the region does not pay besides it.")
        return Quote("claims_se", RULESET, CoverageStatus.NOT_COVERED, (), (), warnings=(said,))
    if visit.open_points or not visit.home:
        missing = () if visit.home else (REGION,)
        return Quote("claims_se", RULESET, CoverageStatus.NEEDS_EVIDENCE, (), (), missing=missing, warnings=visit.open_points)
    found, reasons = _split(context, visit, settings, known)
    return _complete(context, visit, found, reasons, sum(share.amount.minor for share in before if not share.deduction), known)


def split_of(context: QuoteContext, visit: Visit, settings: Settings, known: DatedValues) -> Split:
    """The split of a visit whose facts are all known."""
    return _split(context, visit, settings, known)[0]


def _split(context: QuoteContext, visit: Visit, settings: Settings, known: DatedValues) -> tuple[Split, tuple[Why, ...]]:
    fee, fee_why = _fee(context, visit, settings)
    counted = context.counters.get(COUNTER)
    period = Period(counted.value, counted.since).on(visit.day) if counted else Period()
    ceiling = visit.ceiling.value if visit.ceiling else 0
    reached = ceilings_before(known, period.start, visit.day) if period.start else frozenset()
    found = split(visit.gross, fee, ceiling, period, reached)
    return found, (fee_why, *_ceiling_reasons(visit, period, known))


def _fee(context: QuoteContext, visit: Visit, settings: Settings) -> tuple[int, Why]:
    """The region's fee, or none with a free card or below the age from which it is asked."""
    card = context.patient.facts.get(FREE_CARD, "")
    if card and date.fromisoformat(card) >= visit.day:
        said = msg("You said that your free card is valid until %(day)s: no patient fee.", day=card)
        return 0, Why("fee.free_card", said, "declared by the patient", confidence=Confidence.MEDIUM)
    born = context.patient.birth_date
    if settings.free_below_age and born and _age(born, visit.day) < settings.free_below_age:
        return 0, Why("fee.child", msg("Below %(age)s years the region asks no fee.", age=settings.free_below_age), CONTRACT, confidence=Confidence.MEDIUM)
    fee = settings.patient_fee_minor or 0
    said = msg("The patient fee of the region %(region)s is %(fee)s.", region=REGIONS[settings.region], fee=kronor(fee))
    return fee, Why("fee.region", said, CONTRACT, confidence=Confidence.MEDIUM)


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _ceiling_reasons(visit: Visit, period: Period, known: DatedValues) -> list[Why]:
    if visit.ceiling is None:
        return []
    reason = why(known, visit.ceiling)
    if period.start is None:
        return [reason]
    said = msg(
        "Since %(day)s you have paid %(paid)s of at most %(amount)s in patient fees here.",
        day=period.start.isoformat(),
        paid=kronor(period.paid),
        amount=kronor(visit.ceiling.value),
    )
    return [Why("ceiling.paid", said, reason.source, reason.valid_from, reason.confidence)]


def _complete(context: QuoteContext, visit: Visit, found: Split, reasons: tuple[Why, ...], taken: int, known: DatedValues) -> Quote:
    tariff = why(known, visit.tariff) if visit.tariff else None
    amount = min(found.region, visit.charged - taken)
    label = msg("Region %(region)s", region=REGIONS[visit.home])
    base = kronor(visit.tariff.value) if visit.tariff else None
    reason = (tariff,) if tariff else ()
    shares = (Share(f"region:{visit.home}", label, kronor(amount), reason, direct=True),) if amount > 0 else ()
    lines = tuple(
        PricedLine(visit.service, LABELS[visit.service], charge.charged, None if n else base, why=() if n else reason)
        for n, charge in enumerate(context.charges)
    )
    return Quote(
        "claims_se",
        RULESET,
        CoverageStatus.COVERED,
        lines,
        shares,
        reasons,
        warnings=(
            msg("This is an estimate: only fees paid here are known. Say if you have a free card."),
            msg("Fees of several children of one parent count together; that is not reckoned here."),
        ),
        counters={COUNTER: found.patient} if found.patient else {},
    )


def charged_at_most(context: QuoteContext, visit: Visit) -> list[Money]:
    """What each charge may be: the whole never above the agreement between regions."""
    left, found = visit.gross, []
    for charge in context.charges:
        amount = min(charge.charged.minor, left // max(charge.qty, 1))
        left -= amount * charge.qty
        found.append(Money(amount, charge.charged.currency))
    return found
