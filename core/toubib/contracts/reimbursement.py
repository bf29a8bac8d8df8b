"""Reimbursement: who pays besides the patient, why, and the claims that follow.

Packs are listed in order by the deployment (`reimbursement = ["claims_fr", "sponsor"]`). Each gets the charges and the shares so
far and answers with its own; the patient is the rest. All functions are pure: context + ruleset + clock.
Every amount names its rule; an unknown fact gives `needs_evidence`, never a default that moves money.

Several countries' packs may be loaded at once. Where the patient is insured decides which is asked (`ReimbursementPack.country`);
a pack that is asked all the same and has no say in a visit answers `None`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from toubib.contracts.activity import ActivityCounts, Cap, CapRule
from toubib.contracts.common import Message, Money, Place
from toubib.contracts.counters import Counter, CounterRule
from toubib.contracts.reasons import Why


class PaymentModeAsked(StrEnum):
    """Who is asked for money on the day."""

    DIRECT = "direct"
    THIRD_PARTY_PRIMARY = "third_party_primary"
    THIRD_PARTY_ALL = "third_party_all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PerformerSnapshot:
    """The professional and the billing party, as they are at the care date.

    `attributes` are the practitioner's settings that the pack declared (`specialty`, `sector`, `zone`…); `country` is where
    they practise, empty when that was not said.
    """

    practitioner_role_id: str
    organisation_id: str
    profession: str
    specialty: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    country: str = ""


@dataclass(frozen=True, slots=True)
class PatientSnapshot:
    """The patient as the rules need them. `facts` holds what was declared or verified, by fact type key.

    `insured_in` is the country of their coverage, as stated or as the only one there is; empty while it is not known.
    """

    person_id: str
    birth_date: date | None
    sex: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    verified: frozenset[str] = frozenset()
    insured_in: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """Something charged: an act code (empty when not yet stated) with what is asked for it."""

    code: str
    charged: Money
    qty: int = 1
    coefficient_milli: int = 1000


@dataclass(frozen=True, slots=True)
class QuoteContext:
    """All that a pack may look at. Immutable; a snapshot is stored beside the quote.

    `emergency` says that the performer stated an emergency; `patient_place` is where the patient is now, which decides nothing
    about who insures them; `payment_mode` is how the patient asks to pay, today always directly; `evidence` is what payers'
    guarantors know of this encounter (`toubib.contracts.guarantee`).
    """

    encounter_id: str
    care_at: datetime
    zone: str
    modality: str
    performer: PerformerSnapshot
    patient: PatientSnapshot
    charges: tuple[Charge, ...]
    payment_mode: PaymentModeAsked = PaymentModeAsked.DIRECT
    patient_place: Place | None = None
    last_in_person_on: date | None = None
    oral_contact: bool = True
    interrupted: bool = False
    emergency: bool = False
    counters: Mapping[str, Counter] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)
    now: datetime | None = None

    @property
    def currency(self) -> str:
        """The billing party's currency."""
        return self.charges[0].charged.currency if self.charges else ""


class CoverageStatus(StrEnum):
    """Whether the scheme takes part."""

    COVERED = "covered"
    REDUCED = "covered_reduced"
    NOT_COVERED = "not_covered"
    NEEDS_EVIDENCE = "needs_evidence"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FactNeed:
    """A fact that the pack wants to know; `blocking` when there is no quote without it."""

    key: str
    blocking: bool


@dataclass(frozen=True, slots=True)
class Share:
    """What one payer takes of the charges. `excludes` names packs that may not pay besides it; the core sees to it, whatever they answer.

    `deduction` marks an amount that the scheme keeps from the patient (a flat contribution): it is shown as
    a line of its own and is part of the patient's rest, so its `amount` is not added to the sum of shares.
    `direct` marks money that the payer pays to the billing party itself: the patient is not asked for it in the first place.
    """

    payer: str
    payer_label: Message
    amount: Money
    why: tuple[Why, ...]
    deduction: bool = False
    excludes: frozenset[str] = frozenset()
    direct: bool = False


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One charge with the tariff the scheme knows, in the unit of the line: `base` in money or `points`, never both.

    A bill may hold lines of both units. What is billed in points has no price for the patient: its `charged` is zero.
    """

    code: str
    label: Message
    charged: Money
    base: Money | None
    points: int | None = None
    why: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Receivable:
    """Money that one party will owe another because of this care, apart from the fee."""

    creditor: str
    debtor: str
    amount: Money
    why: Why


@dataclass(frozen=True, slots=True)
class Quote:
    """A pack's answer. Invariant: no share negative, and shares (without deductions) never exceed the charges.

    `missing` are the facts without which nothing is promised; `counters` what settling will consume.
    """

    pack: str
    ruleset: str
    status: CoverageStatus
    lines: tuple[PricedLine, ...]
    shares: tuple[Share, ...]
    reasons: tuple[Why, ...] = ()
    missing: tuple[str, ...] = ()
    warnings: tuple[Message, ...] = ()
    receivables: tuple[Receivable, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)

    @property
    def points(self) -> int:
        """What is billed to the payer in points, over all lines."""
        return sum(line.points or 0 for line in self.lines)


@dataclass(frozen=True, slots=True)
class ActChoice:
    """An act the performer may state, with its tariff when the rules know it, in money or in points."""

    code: str
    label: Message
    tariff: Money | None
    why: Why | None = None
    points: int | None = None


@dataclass(frozen=True, slots=True)
class FrozenItem:
    """A claim item as frozen at settle: one performer, one billing party, one payer, one code."""

    id: str
    encounter_id: str
    performer_role_id: str
    organisation_id: str
    person_id: str
    pack: str
    payer: str
    code: str
    amount: Money | None
    points: int | None
    care_at: datetime
    grouping_key: str
    payload: Mapping[str, Any] = field(default_factory=dict)


class ClaimState(StrEnum):
    """States a pack may give a claim: nothing to claim; still gathers items; whole, and only a gateway could send it; held by `violations`."""

    NONE_REQUIRED = "none_required"
    DRAFT = "draft"
    NEEDS_GATEWAY = "needs_gateway"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class AssembledClaim:
    """A claim built from frozen items: neutral payload (schema versioned), what it legally is, and its deadline.

    A patient reads `legal_status` and `next_step`. `violations` are for whoever checks claims: no page shows them, so `next_step` of a
    held claim says what the patient is to do.
    """

    grouping_key: str
    state: ClaimState
    payload: Mapping[str, Any]
    schema_version: int
    legal_status: Message
    next_step: Message
    violations: tuple[Why, ...] = ()
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Outcome of one golden case: empty `differences` means it passed. Each is (column, expected, got)."""

    case_id: str
    differences: tuple[tuple[str, str, str], ...]


class CaseRunner(Protocol):
    """Runs the rows of one golden-case file."""

    def __call__(self, row: Mapping[str, str]) -> CaseResult:
        """Compare one row; raises `ContractError` for a value outside the vocabulary."""
        ...


class ReimbursementPack(Protocol):
    """A scheme: eligibility, shares, items, claims. No method touches network or database.

    A pack inherits from this class, so that what it does not need keeps its default. `country` is where its insured are insured;
    empty for a payer of any country, which is asked about every visit. `counters` are the counts it keeps on patients, `cap_rules`
    the activity it limits. `asks_emergency` is for one that reads `QuoteContext.emergency`: then the performer is asked.
    """

    name: str
    title: Message
    country: str = ""
    counters: tuple[CounterRule, ...] = ()
    cap_rules: tuple[CapRule, ...] = ()
    asks_emergency: bool = False

    def facts_needed(self, context: QuoteContext) -> Sequence[FactNeed]:
        """What must be asked of this patient for this care, in the order of the form."""
        ...

    def acts(self, context: QuoteContext) -> Sequence[ActChoice]:
        """Acts the performer may state for this care, the usual one first."""
        ...

    def charges(self, context: QuoteContext) -> Sequence[Charge]:
        """What is charged once the scheme takes part: a benefit in kind has no price for the patient. The same charges by default."""
        return context.charges

    def quote(self, contexts: Sequence[QuoteContext], so_far: Sequence[Sequence[Share]]) -> Sequence[Quote | None]:
        """One answer per context, in order, `None` for a visit that is not this payer's; `so_far` are the shares of packs listed before."""
        ...

    def items(self, context: QuoteContext, quote: Quote) -> Sequence[FrozenItem]:
        """Claim items of a settled care, to be frozen. Their `grouping_key` says which claim they join."""
        ...

    def assemble(self, grouping_key: str, items: Sequence[FrozenItem], now: datetime) -> AssembledClaim:
        """Build one claim from the items of one or several encounters, perhaps of several patients. Called again when more items join."""
        ...

    def caps(self, counts: ActivityCounts) -> Sequence[Cap]:  # noqa: ARG002  a pack without limits looks at nothing
        """Limits on the activity of a practitioner or an organisation, for one of `cap_rules`. None by default."""
        return ()

    def cases(self, header: Sequence[str]) -> CaseRunner | None:
        """A runner for golden cases with these columns; `None` when they are not this pack's."""
        ...

    def rulesets(self) -> Iterable[Why]:
        """Every rule and tariff in use with source, date and confidence (the list of unverified ones is made of it)."""
        ...
