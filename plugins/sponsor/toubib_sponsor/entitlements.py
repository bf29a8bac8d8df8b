"""Entitlements: one answer for each encounter, and limits that hold when several visits use the last room at once.

A limit is counted under a lock of the code's year (`sponsor_account`): once when the patient accepts the sponsor's share, again when the
visit becomes certain. What an encounter reserved is the most that the sponsor pays for it, so settling needs no second count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import col, select

from toubib.contracts.common import Message, Refused
from toubib.contracts.events import Event
from toubib.contracts.jobs import Payload
from toubib.contracts.reimbursement import Share
from toubib.db import across_organisations, database, session, vault
from toubib.db.once import found_or_added
from toubib.db.tables.journey import Encounter
from toubib.seams import clock, randomness
from toubib.services import agreements, directory
from toubib.services.locking import lock_agreement
from toubib_sponsor import house
from toubib_sponsor.models import Account, Entitlement
from toubib_sponsor.settings import Plan
from toubib_sponsor.texts import DOMAIN, REASONS, say

USED = ("reserved", "consumed")
MISSED = timedelta(days=2)
ALPHABET, LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", 10
PLAN, WHY_NOT, REFERENCE, LEFT = (f"{DOMAIN}.{name}" for name in ("plan", "why_not", "reference", "left_minor"))
"""Keys of the evidence."""


@dataclass(frozen=True, slots=True)
class Care:
    """What limits and kinds depend on."""

    organisation_id: str
    journey: str
    modality: str
    specialty: str
    on: date
    currency: str


def care_of(encounter_id: str) -> Care:
    """The agreed visit as a sponsor's rules need it; the day by the clock of the practice."""
    agreed, encounter = agreements.of(encounter_id), session().get_one(Encounter, encounter_id)
    role = agreed.practitioner_role_id
    specialty = directory.role(role).specialty if role else agreed.specialty
    return Care(agreed.organisation_id, agreed.journey, encounter.modality, specialty, _day(agreed.at, agreed.zone), agreed.price.currency)


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def payer(plan: Plan) -> str:
    """How a plan is called in shares and in the ledger."""
    return f"{DOMAIN}:{plan.key}"


def index_of(code: str) -> str:
    """The blind index of a code."""
    return vault().blind("sponsor.code", code)


def of(encounter_id: str) -> Entitlement | None:
    """The entitlement of an encounter, if a code was given."""
    return session().exec(select(Entitlement).where(Entitlement.encounter_id == encounter_id)).first()


def ask(encounter_id: str, plan: Plan, code: str) -> Entitlement:
    """The encounter's entitlement under this code; another code than before begins anew, under a new reference."""
    row, index = of(encounter_id), index_of(code)
    if row is not None and (row.plan, row.code_index) == (plan.key, index):
        return row
    if row is not None:
        if row.state == "consumed":
            return row
        session().delete(row)
        session().flush()
    care = care_of(encounter_id)
    made = Entitlement(
        organisation_id=care.organisation_id,
        encounter_id=encounter_id,
        plan=plan.key,
        code_index=index,
        reference=_reference(),
        year=care.on.year,
        care_on=care.on,
        kind=care.modality,
        currency=plan.currency,
    )
    session().add(made)
    session().flush()
    return made


def _reference() -> str:
    """Letters and digits that cannot be mistaken for one another, made of nothing but chance."""
    return "".join(ALPHABET[int(randomness.digits(6)) % len(ALPHABET)] for _ in range(LETTERS))


def answer(encounter_id: str, *, entitled: bool) -> None:
    """What the list or the service said. What the patient accepted already stays as it was accepted."""
    row = of(encounter_id)
    if row is not None and row.state in ("asked", "entitled", "refused"):
        row.state = "entitled" if entitled else "refused"
        session().flush()


def forget(encounter_id: str) -> None:
    """The patient gives no code any more."""
    row = of(encounter_id)
    if row is not None and row.state != "consumed":
        session().delete(row)
        session().flush()


def evidence(encounter_id: str) -> Mapping[str, str]:
    """What the pack may rely on: the plan with its reference and what is left, or why it does not pay."""
    row = of(encounter_id)
    plan = house.settings().plan(row.plan) if row else None
    if row is None or plan is None or row.state == "asked":
        return {}
    if row.state in USED:
        return {PLAN: plan.key, REFERENCE: row.reference, LEFT: str(row.amount_minor)}
    return _fresh(row, plan)


def _fresh(row: Entitlement, plan: Plan) -> Mapping[str, str]:
    care, known = care_of(row.encounter_id), {PLAN: plan.key, REFERENCE: row.reference}
    why_not = "refused" if row.state == "refused" else plan.covers(journey=care.journey, modality=care.modality, specialty=care.specialty, on=care.on)
    if not why_not and care.currency != plan.currency:
        why_not = "currency"
    left = left_minor(row, plan)
    if not why_not and left == 0:
        why_not = "limit"
    if why_not:
        return known | {WHY_NOT: why_not}
    return known if left is None else known | {LEFT: str(left)}


def left_minor(row: Entitlement, plan: Plan) -> int | None:
    """What the sponsor may still pay in this code's year without this encounter; `None` for no limit in money, 0 when a limit is used up."""
    query = select(func.count(), func.coalesce(func.sum(col(Entitlement.amount_minor)), 0)).where(
        Entitlement.plan == plan.key,
        Entitlement.code_index == row.code_index,
        Entitlement.year == row.year,
        col(Entitlement.state).in_(USED),
        Entitlement.encounter_id != row.encounter_id,
    )
    with across_organisations("a limit counts the code's use at every practice"):
        visits, amount = session().exec(query).one()
    if plan.visits_per_year and visits >= plan.visits_per_year:
        return 0
    return max(0, plan.minor_per_year - int(amount)) if plan.minor_per_year else None


def reserve(encounter_id: str, shares: Sequence[Share]) -> Refused | None:
    """See `Guarantor.reserve`."""
    amount, row = sum(s.amount.minor for s in shares), of(encounter_id)
    if amount == 0:
        release(encounter_id)
        return None
    plan = house.settings().plan(row.plan) if row else None
    if row is None or plan is None or {s.payer for s in shares} != {payer(plan)}:
        return Refused("sponsor.code", say("Your code is not known any more. Type it again, or go on without."))
    if row.state in USED and row.amount_minor == amount:
        return None
    _lock(row, row.year)
    left = left_minor(row, plan)
    if row.state not in ("entitled", "reserved") or (left is not None and amount > left):
        return Refused("sponsor.limit", Message(DOMAIN, REASONS["limit"].key, {"name": plan.name}))
    row.state, row.amount_minor = "reserved", amount
    session().flush()
    return None


def _lock(row: Entitlement, year: int) -> None:
    """Hold the code's year, so that nobody else counts it until the unit of work ends; then read the entitlement anew."""
    query = select(Account).where(Account.plan == row.plan, Account.code_index == row.code_index, Account.year == year).with_for_update()
    found_or_added(query, Account(plan=row.plan, code_index=row.code_index, year=year))
    session().refresh(row)


def follow_move(event: Event) -> None:
    """Observer: a visit that has another day counts in that day's year. What was accepted stays as it was accepted, also then."""
    with database().unit_of_work():
        lock_agreement(event.subject.id)
        row = of(event.subject.id)
        if row is not None and row.state != "consumed":
            _of_the_day(row, care_of(event.subject.id))


def _of_the_day(row: Entitlement, care: Care) -> None:
    _lock(row, care.on.year)
    row.year, row.care_on, row.kind = care.on.year, care.on, care.modality
    session().flush()


def consume(encounter_id: str, shares: Sequence[Share]) -> None:
    """See `Guarantor.consume`."""
    row, amount = of(encounter_id), sum(s.amount.minor for s in shares)
    if row is None or row.state == "consumed":
        return
    _of_the_day(row, care_of(encounter_id))
    if amount:
        row.state, row.amount_minor, row.settled_at = "consumed", amount, clock.now()
    elif row.state == "reserved":
        row.state, row.amount_minor = "entitled", 0
    session().flush()


def release(encounter_id: str) -> None:
    """See `Guarantor.release`."""
    row = of(encounter_id)
    if row is not None and row.state == "reserved":
        row.state, row.amount_minor = "entitled", 0
        session().flush()


def release_missed(_payload: Payload) -> None:
    """Job: give back what was kept for visits that never began and whose day is long over. One that is settled later is counted then."""
    with database().unit_of_work() as writing:
        query = (
            select(Entitlement)
            .join(Encounter, col(Encounter.id) == Entitlement.encounter_id)
            .where(Entitlement.state == "reserved", Entitlement.care_on < clock.now().date() - MISSED)
            .where(col(Encounter.status).in_(("planned", "arrived")))
            .with_for_update(of=Entitlement, skip_locked=True)
        )
        for row in writing.exec(query).all():
            release(row.encounter_id)


class SponsorGuarantor:
    """The keeper of the sponsors' promises."""

    name = DOMAIN

    def evidence(self, encounter_id: str) -> Mapping[str, str]:
        """What is known of the encounter's code."""
        return evidence(encounter_id)

    def reserve(self, encounter_id: str, shares: Sequence[Share]) -> Refused | None:
        """Keep room under the code's limit."""
        return reserve(encounter_id, shares)

    def consume(self, encounter_id: str, shares: Sequence[Share]) -> None:
        """Put the settled amount on the sponsor's statement."""
        consume(encounter_id, shares)

    def release(self, encounter_id: str) -> None:
        """Give the room back."""
        release(encounter_id)
