"""Reimbursement in the core: what a visit costs, what comes back, from whom and why.

Builds the packs' context from what the core knows, composes their shares in the deployment's order, and keeps
every answer as a row: offered, accepted with a hash of what was shown, final.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.common import Message, Money, Place
from toubib.contracts.reimbursement import (
    Charge,
    CoverageStatus,
    FactNeed,
    PatientSnapshot,
    PerformerSnapshot,
    Quote,
    QuoteContext,
    ReimbursementPack,
    Share,
)
from toubib.db import session, vault
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.claims import StoredQuote
from toubib.db.tables.journey import Admission, Encounter
from toubib.db.tables.money import ChargeItem
from toubib.db.tables.people import PersonFact
from toubib.seams import clock
from toubib.services import agreements, counting, directory, guarantees, insured, journey, people
from toubib.services.agreements import Agreement

EMERGENCY = "coverage.emergency"
"""Under what name it is kept that the performer stated an emergency."""
_QUOTE: TypeAdapter[Quote] = TypeAdapter(Quote)
_CONTEXT: TypeAdapter[QuoteContext] = TypeAdapter(QuoteContext)


@dataclass(frozen=True, slots=True)
class Estimate:
    """All packs' answers together. `patient` is the rest; `missing` the facts without which nothing is promised."""

    total: Money
    shares: tuple[Share, ...]
    patient: Money
    quotes: tuple[Quote, ...]
    missing: tuple[str, ...]

    @property
    def asked(self) -> Money:
        """What the patient is asked for: all but what payers pay to the billing party themselves. The rest comes back to them."""
        return self.total - Money(sum(s.amount.minor for s in self.shares if s.direct and not s.deduction), self.total.currency)

    @property
    def points(self) -> int:
        """What is billed to payers in points, beside any money."""
        return sum(quote.points for quote in self.quotes)

    @property
    def promised(self) -> bool:
        """Whether anything comes back for sure enough to say so."""
        return any(q.status in (CoverageStatus.COVERED, CoverageStatus.REDUCED) for q in self.quotes)


def context(encounter_id: str) -> QuoteContext:
    """The snapshot that packs look at: stated acts once there are any, else those that were agreed on."""
    encounter = session().get_one(Encounter, encounter_id)
    agreed = agreements.of(encounter_id)
    patient = _patient(encounter.person_id)
    packs = insured.packs_of(patient.insured_in)
    day = agreed.at.astimezone(ZoneInfo(agreed.zone)).date()
    found = QuoteContext(
        encounter_id=encounter_id,
        care_at=agreed.at,
        zone=agreed.zone,
        modality=encounter.modality,
        performer=_performer(agreed),
        patient=patient,
        charges=_charges(agreed),
        patient_place=_place(encounter_id),
        last_in_person_on=_last_in_person(encounter.person_id, agreed),
        emergency=bool(journey.marks([encounter_id], EMERGENCY)[encounter_id].get("stated")),
        counters=counting.read(encounter.person_id, [rule for pack in packs for rule in pack.counters], day),
        evidence=guarantees.evidence(encounter_id),
        now=clock.now(),
    )
    return _as_charged(found, packs)


def with_charges(snapshot: QuoteContext, charges: Sequence[Charge]) -> QuoteContext:
    """The snapshot as it would be if these acts were stated. Pure."""
    return _as_charged(replace(snapshot, charges=tuple(charges)), insured.packs_of(snapshot.patient.insured_in))


def _as_charged(snapshot: QuoteContext, packs: Sequence[ReimbursementPack]) -> QuoteContext:
    """What is charged once the patient's schemes take part: what one of them gives in kind has no price."""
    for pack in packs:
        snapshot = replace(snapshot, charges=tuple(pack.charges(snapshot)))
    return snapshot


def _performer(agreed: Agreement) -> PerformerSnapshot:
    """Who cares, or, until somebody took the request, what all who may take it have in common."""
    country = directory.organisation(agreed.organisation_id).country
    if agreed.practitioner_role_id is not None:
        card = directory.role(agreed.practitioner_role_id)
        attributes = {"sector": card.sector, **card.attributes}
        return PerformerSnapshot(card.id, card.organisation_id, card.profession, card.specialty, attributes, country or card.country)
    pool = directory.pool(agreed.organisation_id, agreed.profession, agreed.specialty)
    facts = [{"specialty": card.specialty, "sector": card.sector, **card.attributes} for card in pool]
    shared = {key: value for key, value in facts[0].items() if all(f.get(key) == value for f in facts)} if facts else {}
    specialty = shared.pop("specialty", agreed.specialty)
    return PerformerSnapshot("", agreed.organisation_id, agreed.profession, specialty, shared, country)


def _patient(person_id: str | None) -> PatientSnapshot:
    if person_id is None:
        return PatientSnapshot("", None)
    known = people.traits(person_id)
    rows = session().exec(select(PersonFact).where(PersonFact.person_id == person_id, col(PersonFact.valid_to).is_(None))).all()
    return PatientSnapshot(
        person_id,
        known.birth_date,
        known.sex,
        {r.key: vault().read(r, "value") for r in rows},
        frozenset(r.key for r in rows if r.verification == "verified"),
        insured.country_of(person_id),
    )


def _place(encounter_id: str) -> Place | None:
    """Where the patient said at admission that they are; with a postcode only when the gazetteer has just that one."""
    row = session().exec(select(Admission).where(Admission.encounter_id == encounter_id)).first()
    if row is None or not row.country:
        return None
    said = vault().read(row, "place").strip()
    country = runtime.current().registry.countries.get(row.country)
    known = country.places(said, 2) if country and said else ()
    same = {p.postcode: p for p in known if said.casefold() in (p.name.casefold(), p.postcode)}
    return next(iter(same.values())) if len(same) == 1 else Place(row.country, said)


def _charges(agreed: Agreement) -> tuple[Charge, ...]:
    stated = session().exec(select(ChargeItem).where(ChargeItem.encounter_id == agreed.encounter_id)).all()
    if stated:
        return tuple(Charge(c.code, Money(c.charged_minor, c.currency), c.qty, c.coefficient_milli) for c in stated)
    rest = tuple(Charge(code, Money(0, agreed.price.currency)) for code in agreed.act_codes[1:])
    return (Charge(agreed.act_codes[0] if agreed.act_codes else "", agreed.price), *rest)


def state_charges(encounter: Encounter, charges: Sequence[Charge]) -> Sequence[ChargeItem]:
    """Keep these acts of an encounter in place of those that were stated; the caller has locked the encounter and checked that it is not settled."""
    for former in session().exec(select(ChargeItem).where(ChargeItem.encounter_id == encounter.id)).all():
        session().delete(former)
    made = [
        ChargeItem(
            organisation_id=encounter.organisation_id,
            encounter_id=encounter.id,
            performer_role_id=encounter.practitioner_role_id or "",
            code=charge.code,
            qty=charge.qty,
            coefficient_milli=charge.coefficient_milli,
            charged_minor=charge.charged.minor,
            currency=charge.charged.currency,
        )
        for charge in charges
    ]
    session().add_all(made)
    session().flush()
    return made


def _last_in_person(person_id: str | None, agreed: Agreement) -> date | None:
    if person_id is None or agreed.practitioner_role_id is None:
        return None
    query = (
        select(Appointment.starts_at, Appointment.zone)
        .join(Encounter, col(Encounter.id) == Appointment.encounter_id)
        .where(Encounter.person_id == person_id, Appointment.practitioner_role_id == agreed.practitioner_role_id)
        .where(Appointment.modality == "in_person", Appointment.status == "fulfilled", Appointment.starts_at < agreed.at)
        .order_by(col(Appointment.starts_at).desc())
    )
    found = session().exec(query).first()
    return found[0].astimezone(ZoneInfo(found[1])).date() if found else None


def facts_needed(encounter_id: str) -> Sequence[FactNeed]:
    """What must be asked of this patient for this visit, each once, in the packs' order; first where they are insured."""
    snapshot = context(encounter_id)
    needs: dict[str, FactNeed] = {insured.KEY: FactNeed(insured.KEY, True)} if insured.is_asked() else {}
    for pack in insured.packs_of(snapshot.patient.insured_in):
        for need in pack.facts_needed(snapshot):
            former = needs.get(need.key)
            needs[need.key] = FactNeed(need.key, need.blocking or bool(former and former.blocking))
    return tuple(needs.values())


def estimate(snapshot: QuoteContext) -> Estimate:
    """Compose the shares of the patient's packs in order; the patient is the rest. Pure."""
    total = Money(sum(c.charged.minor * c.qty for c in snapshot.charges), snapshot.currency)
    shares: list[Share] = []
    quotes: list[Quote] = []
    for pack in insured.packs_of(snapshot.patient.insured_in):
        quote = pack.quote([snapshot], [tuple(shares)])[0]
        if quote is not None and not _excluded(quote, quotes):
            quotes.append(_within(quote, total.minor - _paid(shares)))
            shares += quotes[-1].shares
    if not quotes and runtime.current().packs:
        quotes.append(_nobody_pays(snapshot))
    paid = Money(_paid(shares), snapshot.currency)
    missing = tuple(dict.fromkeys(key for q in quotes for key in q.missing))
    return Estimate(total, tuple(shares), total - paid, tuple(quotes), missing)


def _paid(shares: Sequence[Share]) -> int:
    return sum(s.amount.minor for s in shares if not s.deduction)


def _excluded(quote: Quote, before: Sequence[Quote]) -> bool:
    """Whether a payer before it pays and excludes this one, or this one excludes a payer that pays already: nothing is paid twice."""
    paying = [q for q in before if _paid(q.shares)]
    by_them = {name for q in paying for share in q.shares if share.amount.minor for name in share.excludes}
    by_it = {name for share in quote.shares if share.amount.minor for name in share.excludes}
    return quote.pack in by_them or any(q.pack in by_it for q in paying)


def _within(quote: Quote, left: int) -> Quote:
    """An answer that takes no more than the charges leave, whatever the pack said."""
    if _paid(quote.shares) <= left:
        return quote
    kept = []
    for share in quote.shares:
        amount = share.amount.minor if share.deduction else min(share.amount.minor, left)
        left -= 0 if share.deduction else amount
        kept.append(replace(share, amount=Money(amount, share.amount.currency)))
    return replace(quote, shares=tuple(kept))


def _nobody_pays(snapshot: QuoteContext) -> Quote:
    """The core's own answer where no pack has a say: it promises nothing, and says what the patient can do."""
    if insured.is_asked() and not snapshot.patient.insured_in:
        said = Message("toubib", "You have not said where you are insured, so nothing is promised back.")
        return Quote("", "", CoverageStatus.NEEDS_EVIDENCE, (), (), missing=(insured.KEY,), warnings=(said,))
    said = Message("toubib", "No payer known here covers you, so the whole price stays with you. Ask your own insurer what it pays back, and keep the invoice.")
    return Quote("", "", CoverageStatus.NOT_COVERED, (), (), warnings=(said,))


def shown_hash(shown: Estimate) -> str:
    """A hash over what the patient reads: amounts, points, payers, rules."""
    lines = [[s.payer, s.amount.minor, [w.rule for w in s.why]] for s in shown.shares]
    read = [shown.total.minor, lines, shown.patient.minor, shown.asked.minor, shown.points]
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()


def keep(snapshot: QuoteContext, answer: Estimate, stage: str) -> None:
    """Store every pack's answer at a stage: `offered`, `accepted` or `final`."""
    organisation_id = session().get_one(Encounter, snapshot.encounter_id).organisation_id
    for position, quote in enumerate(answer.quotes):
        row = StoredQuote(
            organisation_id=organisation_id,
            encounter_id=snapshot.encounter_id,
            pack=quote.pack,
            position=position,
            stage=stage,
            patient_minor=answer.patient.minor,
            total_minor=answer.total.minor,
            currency=answer.total.currency,
            shown_hash=shown_hash(answer),
        )
        vault().seal(row, "context", _CONTEXT.dump_json(snapshot).decode())
        vault().seal(row, "body", _QUOTE.dump_json(quote).decode())
        session().add(row)
    session().flush()


def accepted(encounter_id: str) -> StoredQuote | None:
    """The quote that the patient accepted last, if any."""
    return latest(encounter_id, "accepted")


def latest(encounter_id: str, stage: str) -> StoredQuote | None:
    """The newest stored quote of a stage."""
    query = (
        select(StoredQuote)
        .where(StoredQuote.encounter_id == encounter_id, StoredQuote.stage == stage)
        .order_by(col(StoredQuote.at).desc(), col(StoredQuote.position), StoredQuote.id)
    )
    return session().exec(query).first()


def stored(encounter_id: str, stage: str) -> Estimate | None:
    """A stored answer as it was: all packs of the newest moment of a stage."""
    newest = latest(encounter_id, stage)
    if newest is None:
        return None
    rows = session().exec(
        select(StoredQuote)
        .where(StoredQuote.encounter_id == encounter_id, StoredQuote.stage == stage, StoredQuote.shown_hash == newest.shown_hash)
        .order_by(col(StoredQuote.at).desc(), col(StoredQuote.position), StoredQuote.id)
    ).all()
    by_pack: dict[str, Quote] = {}
    for row in rows:
        by_pack.setdefault(row.pack, _QUOTE.validate_json(vault().read(row, "body")))
    quotes = tuple(by_pack.values())
    total, patient = Money(newest.total_minor, newest.currency), Money(newest.patient_minor, newest.currency)
    return Estimate(total, tuple(s for q in quotes for s in q.shares), patient, quotes, tuple(k for q in quotes for k in q.missing))


_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


def dump_message(message: Message) -> str:
    """A message as stored JSON."""
    return _MESSAGE.dump_json(message).decode()


def load_message(text: str) -> Message | None:
    """A stored message; `None` for an empty column."""
    return _MESSAGE.validate_json(text) if text else None
