"""From a priced bill to the contract's quote: lines, payers in order, reasons, warnings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toubib.contracts.common import Message
from toubib.contracts.reasons import Why
from toubib.contracts.reimbursement import (
    CoverageStatus,
    PaymentModeAsked,
    PricedLine,
    Quote,
    QuoteContext,
    Receivable,
    Share,
)
from toubib_claims_fr.acts import Performer, usual_code
from toubib_claims_fr.cashflow import Cashflow, cashflow
from toubib_claims_fr.check import violations
from toubib_claims_fr.eligibility import Eligibility, Verdict, decide
from toubib_claims_fr.engine import NeedsEvidence, Priced, price
from toubib_claims_fr.explain import described, euros, why, why_reason
from toubib_claims_fr.messages import msg
from toubib_claims_fr.profile import PaymentMode, Service
from toubib_claims_fr.reading import FLAT_COUNTER, care_day, fee_of, profile_of, service_of, visit_of, zone_of
from toubib_claims_fr.ruleset import RULESET, Ruleset
from toubib_claims_fr.settings import Settings
from toubib_claims_fr.shares import shares_of

MODES = {
    PaymentModeAsked.DIRECT: PaymentMode.DIRECT,
    PaymentModeAsked.NONE: PaymentMode.DIRECT,
    PaymentModeAsked.THIRD_PARTY_PRIMARY: PaymentMode.THIRD_PARTY_NATIONAL,
    PaymentModeAsked.THIRD_PARTY_ALL: PaymentMode.THIRD_PARTY_ALL,
}
FACTS = {
    "entitlements": ("claims_fr.scheme", "claims_fr.full_cover", "claims_fr.complementary"),
    "pathway": ("claims_fr.treating_doctor",),
    "cover": ("claims_fr.complementary",),
}

OPEN_POINTS = {
    "performer.zone": msg("The practice has not said in which department it is, so nothing can be estimated yet."),
    "performer.sector": msg("The practice has not said its fee sector, so nothing can be estimated yet."),
    "birth_date": msg("The birth date is not known yet, and the insurance's part depends on it."),
    "justification": msg("The last visit in person is too long ago. The practitioner must note why this visit is remote."),
    "modality": msg("The call went on by telephone. The practitioner must confirm that the consultation took place by video."),
    "charges": msg("No act has been stated yet."),
    "act": msg("No usual act is known for this profession. The practitioner states it."),
}
"""What no answer of the patient can settle, in words."""


@dataclass(frozen=True, slots=True)
class Bill:
    """A context as the rules read it: codes per charge, eligibility, and the engine's answer."""

    context: QuoteContext
    codes: tuple[str, ...]
    services: tuple[tuple[Service, ...], ...]
    eligible: Eligibility
    answer: Priced | NeedsEvidence


def performer_of(context: QuoteContext) -> Performer:
    """Who performs, as the list of acts needs it."""
    attributes = context.performer.attributes
    return Performer(
        day=care_day(context),
        speciality=context.performer.specialty,
        sector=attributes.get("sector", ""),
        zone=zone_of(attributes) or "",
        modality=context.modality,
        birth_date=context.patient.birth_date,
    )


def bill_of(context: QuoteContext, settings: Settings, rules: Ruleset) -> Bill:
    """Read and price a context. A charge without a code is estimated with the performer's usual act."""
    usual = usual_code(performer_of(context), fee_of(context), rules)
    codes = tuple(charge.code or usual for charge in context.charges)
    services = tuple(service_of(charge, code) for charge, code in zip(context.charges, codes, strict=True))
    eligible = decide(visit_of(context), rules)
    profile = profile_of(context, tuple(s for group in services for s in group), eligible, settings)
    return Bill(context, codes, services, eligible, _priced(_blocked(context, codes), price(profile, rules)))


def _blocked(context: QuoteContext, codes: Sequence[str]) -> tuple[str, ...]:
    """Why nothing can be priced before the rules are even asked: no charge, or no act for this performer."""
    if not context.charges:
        return ("charges",)
    return () if all(codes) else ("act",)


def _priced(blocked: tuple[str, ...], answer: Priced | NeedsEvidence) -> Priced | NeedsEvidence:
    return NeedsEvidence(facts=blocked) if blocked else answer


def quote_bill(bill: Bill, before: Sequence[Share], rules: Ruleset) -> Quote:
    """The quote of a bill, given the shares of the payers listed before."""
    refusal = _refusal(bill, before)
    if refusal is not None:
        return refusal
    answer = bill.answer
    if isinstance(answer, NeedsEvidence) or bill.eligible.verdict is Verdict.NEEDS_EVIDENCE:
        return _unknown(bill, answer)
    taken = sum(share.amount.minor for share in before if not share.deduction)
    flows = cashflow(answer, MODES[bill.context.payment_mode])
    return _complete(bill, answer, flows, taken, rules)


def _empty(bill: Bill, status: CoverageStatus) -> Quote:
    reasons = tuple(why_reason(reason) for reason in bill.eligible.reasons)
    return Quote("claims_fr", RULESET, status, (), (), reasons)


def billed_abroad(context: QuoteContext) -> bool:
    """Whether the bill comes from another country: by its practice, or by its currency."""
    return context.performer.country not in ("", "FR") or (bool(context.charges) and context.currency != "EUR")


def _refusal(bill: Bill, before: Sequence[Share]) -> Quote | None:
    """Cases in which the scheme takes no part at all."""
    context = bill.context
    if billed_abroad(context):
        sentence = msg("This practitioner does not practise in France. Care abroad follows other rules: ask your fund what it pays back, and keep the invoice.")
        return replace(_empty(bill, CoverageStatus.NOT_COVERED), warnings=(sentence,))
    if context.patient.facts.get("claims_fr.scheme") == "none":
        sentence = msg("You are not insured in France: the whole price stays with you.")
        return replace(_empty(bill, CoverageStatus.NOT_COVERED), warnings=(sentence,))
    excluded = {payer for share in before for payer in share.excludes}
    if excluded & {"national", "claims_fr"}:
        sentence = msg("Another payer takes this visit over, so the health insurance does not pay besides it.")
        return replace(_empty(bill, CoverageStatus.NOT_COVERED), warnings=(sentence,))
    if bill.eligible.verdict is Verdict.NOT_COVERED:
        return _empty(bill, CoverageStatus.NOT_COVERED)
    return None


def _unknown(bill: Bill, answer: Priced | NeedsEvidence) -> Quote:
    """What is missing, by fact; rules that nobody verified are named in a sentence, since no fact can cure them."""
    engine = answer.facts if isinstance(answer, NeedsEvidence) else ()
    asked = [*bill.eligible.missing, *(fact for name in engine for fact in FACTS.get(name, (name,)))]
    known = bill.context.patient.facts
    missing = tuple(dict.fromkeys(fact for fact in asked if fact.startswith("claims_fr.") and fact not in known))
    said = [OPEN_POINTS[name] for name in dict.fromkeys(asked) if name in OPEN_POINTS]
    rules = answer.rules if isinstance(answer, NeedsEvidence) else ()
    if rules:
        said.append(msg("No verified rule or tariff for this visit on that day (%(rules)s). The amount is left to a person.", rules=", ".join(rules)))
    return replace(_empty(bill, CoverageStatus.NEEDS_EVIDENCE), missing=missing, warnings=tuple(said))


def _complete(bill: Bill, priced: Priced, flows: Cashflow, taken: int, rules: Ruleset) -> Quote:
    third_party = flows.mode is not PaymentMode.DIRECT
    return Quote(
        pack="claims_fr",
        ruleset=RULESET,
        status=CoverageStatus.REDUCED if priced.out else CoverageStatus.COVERED,
        lines=priced_lines_of(bill, priced, rules),
        shares=shares_of(priced, rules, room=priced.profile.fee - taken, third_party=third_party),
        reasons=tuple(why_reason(reason) for reason in bill.eligible.reasons),
        warnings=warnings_of(bill, priced, flows, rules),
        receivables=_receivables(priced, flows),
        counters={FLAT_COUNTER: priced.flat.count} if priced.flat.count else {},
    )


def priced_lines_of(bill: Bill, priced: Priced, rules: Ruleset) -> tuple[PricedLine, ...]:
    """One line per charge, its base with the tariff rows it is made of."""
    found, at = [], 0
    for charge, code, services in zip(bill.context.charges, bill.codes, bill.services, strict=True):
        lines = priced.lines[at : at + len(services)]
        at += len(services)
        reasons = tuple(why(line.tariff, code=code, base=euros(line.tariff.value)) for line in lines[:1] if line.tariff)
        base = euros(sum(line.base for line in lines))
        found.append(PricedLine(code, msg(rules.acts[code].label), charge.charged, base, why=reasons))
    return tuple(found)


def _receivables(priced: Priced, flows: Cashflow) -> tuple[Receivable, ...]:
    rule = priced.flat.rule
    if not flows.receivable or rule is None:
        return ()
    amount = euros(flows.receivable)
    return (Receivable("national", "patient", amount, why(rule, amount=amount)),)


def warnings_of(bill: Bill, priced: Priced, flows: Cashflow, rules: Ruleset) -> tuple[Message, ...]:
    """What must be said beside the amounts, the nature of an estimate first."""
    said = [msg("This is an estimate: only the funds decide what they pay.")]
    said += [violation.sentence for violation in violations(priced, rules)]
    asked = MODES[bill.context.payment_mode]
    if flows.mode is PaymentMode.DIRECT and asked is not PaymentMode.DIRECT:
        said.append(described_rule("third_party.pathway", priced, rules).sentence)
    if priced.flat.count and not _complete_count(bill):
        said.append(msg("We do not know of every visit this year. Past the yearly limit the insurance keeps no flat contribution."))
    if bill.context.patient.facts.get("claims_fr.complementary") == "unknown":
        said.append(msg("Your complementary contract is not known, so the estimate counts nothing from it."))
    secondary = sorted(described_medium(priced))
    if secondary:
        said.append(msg("Some rules used here come from a secondary source: %(rules)s.", rules=", ".join(secondary)))
    return tuple(said)


def described_rule(rule: str, priced: Priced, rules: Ruleset) -> Why:
    """A parameter of the care day in words."""
    row = rules.parameter(rule, priced.profile.care_date)
    if row is None:
        raise KeyError(rule)
    return described(row)


def described_medium(priced: Priced) -> set[str]:
    """Rules of medium confidence that moved an amount of this bill."""
    rows = [line.tariff for line in priced.lines] + [line.rate for line in priced.lines]
    rows += [priced.flat.rule, priced.reduction_rule, priced.c2s_rule]
    return {row.rule for row in rows if row is not None and row.trust == "medium"}


def _complete_count(bill: Bill) -> bool:
    counter = bill.context.counters.get(FLAT_COUNTER)
    return counter is not None and counter.complete
