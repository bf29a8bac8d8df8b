"""Revenue shares: who gets what of the money that an encounter earned. One rule a journey, from the deployment's `[[shares]]`.

Shares are posted when the amount becomes final, in the same unit of work, and their sum is exactly what was earned; when earned money
is given up, they are taken back in proportion to what is left of each. Fees for a missed visit are not shared.

The rule that a practitioner read before accepting is promised for that encounter: a later change of the settings does not touch it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.common import ContractError, Message, Money
from toubib.db import session
from toubib.db.tables.directory import Practitioner, PractitionerRole
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import LedgerAccount, LedgerTransfer, MoneyDue, Payee
from toubib.services import journey, ledger
from toubib.settings import ShareRule

PLATFORM, PRACTITIONER, TREATING = "platform", "practitioner", "treating_doctor"
MARK = "shares"
REFERENCE = 10


@dataclass(frozen=True, slots=True)
class Share:
    """What somebody gets. `to` is `platform`, `practitioner` or `treating_doctor`; `party` their account in the ledger."""

    to: str
    party: str
    amount: Money


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A movement on somebody's account. `reference` names the payment and tells nothing of the patient."""

    at: datetime
    journey: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody to whom shares are owed, with the name that a statement bears."""

    party: str
    organisation_id: str
    name: str
    registry: str = ""


def rule_of(journey_name: str) -> ShareRule | None:
    """The rule that the deployment's settings give a journey; `None` where nothing is shared."""
    return next((rule for rule in runtime.current().settings.shares if journey_name in rule.journeys), None)


def split(rule: ShareRule, earned_minor: int, *, treating_doctor: bool) -> Mapping[str, int]:
    """Minor units for each who gets some, exactly `earned_minor` together. Pure.

    Fixed amounts come first, in order, as far as the money goes; thousandths are of what they leave. What rounding leaves goes unit
    by unit to the largest remainders, among equals to the rest first, then in the order of the rule.
    """
    given: dict[str, int] = {}
    left = earned_minor
    for part in rule.parts:
        given[part.to] = min(part.fixed_minor, left)
        left -= given[part.to]
    weights: dict[str, int] = {rule.rest: 1000 - sum(part.permille for part in rule.parts)} | {p.to: p.permille for p in rule.parts if p.permille}
    for to, minor in apportion(left, weights).items():
        given[to] = given.get(to, 0) + minor
    if not treating_doctor and TREATING in given:
        given[rule.unnamed] = given.get(rule.unnamed, 0) + given.pop(TREATING)
    return {to: minor for to, minor in given.items() if minor}


def apportion(amount: int, weights: Mapping[str, int]) -> Mapping[str, int]:
    """Divide an amount by weights, exactly: whole units first, the rest by largest remainder, equal ones in the order given. Pure."""
    total = sum(weights.values())
    if total == 0:
        return {}
    whole = {key: amount * weight // total for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: -(amount * weights[key] % total))
    for key in by_remainder[: amount - sum(whole.values())]:
        whole[key] += 1
    return whole


def preview(encounter_id: str, practitioner_role_id: str, earned: Money) -> Sequence[Share]:
    """Who would keep what if this encounter earned so much and this practitioner did it; empty where nothing is shared."""
    encounter = session().get_one(Encounter, encounter_id)
    rule, payee = _rule(encounter), treating_doctor(encounter_id)
    if rule is None:
        return ()
    parts = split(rule, earned.minor, treating_doctor=payee is not None)
    parties = {PLATFORM: PLATFORM, PRACTITIONER: party_of(practitioner_role_id), TREATING: f"payee:{payee.id}" if payee else ""}
    return [Share(to, parties[to], Money(minor, earned.currency)) for to, minor in parts.items()]


def party_of(practitioner_role_id: str) -> str:
    """The ledger's name of a practitioner: one account a person, whatever their role."""
    return f"practitioner:{session().get_one(PractitionerRole, practitioner_role_id).practitioner_id}"


def _rule(encounter: Encounter) -> ShareRule | None:
    promised = journey.marks([encounter.id], MARK)[encounter.id].get("rule")
    return ShareRule.model_validate_json(promised) if promised else rule_of(encounter.journey)


def promise(encounter_id: str) -> None:
    """Keep the rule of this moment for an encounter: a practitioner read it and accepted."""
    rule = rule_of(session().get_one(Encounter, encounter_id).journey)
    if rule is not None:
        journey.mark(encounter_id, MARK, "rule", rule.model_dump_json())


def name_treating_doctor(encounter_id: str, name: str, registry_number: str, registry_key: str = "") -> None:
    """The patient named their treating doctor, who gets the rule's part of this encounter. Empty takes the name back.

    The doctor needs no account here. Raises `ContractError` when one of both is missing. Before the amount is final.
    """
    name, number = " ".join(name.split())[:200], "".join(registry_number.split())[:40]
    if bool(name) != bool(number):
        raise ContractError(Message("toubib", "Give both the doctor's name and their number in the register, or leave both empty."))
    journey.mark(encounter_id, MARK, "payee", _payee(encounter_id, name, registry_key, number) if name else "")


def _payee(encounter_id: str, name: str, registry_key: str, number: str) -> str:
    organisation_id = session().get_one(Encounter, encounter_id).organisation_id
    query = select(Payee).where(Payee.organisation_id == organisation_id, Payee.registry_key == registry_key, Payee.registry_number == number)
    row = session().exec(query).first()
    if row is None:
        row = Payee(organisation_id=organisation_id, name=name, registry_key=registry_key, registry_number=number)
        session().add(row)
        session().flush()
    return row.id


def treating_doctor(encounter_id: str) -> Payee | None:
    """The treating doctor whom the patient named for an encounter."""
    payee_id = journey.marks([encounter_id], MARK)[encounter_id].get("payee")
    return session().get_one(Payee, payee_id) if payee_id else None


def post(due_id: str) -> None:
    """Enter the shares of a due whose amount has become final; once. Joins the unit of work that made it final."""
    due = session().get_one(MoneyDue, due_id)
    if due.encounter_id is None or not due.amount_minor:
        return
    role_id = session().get_one(Encounter, due.encounter_id).practitioner_role_id
    for share in preview(due.encounter_id, role_id, Money(due.amount_minor, due.currency)) if role_id else ():
        ledger.post(
            due.organisation_id,
            debit=ledger.AccountRef(ledger.REVENUE),
            credit=ledger.AccountRef(ledger.PAYABLE, share.party),
            amount=share.amount,
            why="share",
            key=f"due:{due.id}:share:{share.party}",
            due_id=due.id,
        )


def take_back(due_id: str, given_up_minor: int, fact: str) -> None:
    """Earned money was given up: take back each share in proportion to what is left of it. `fact` is the refund's key."""
    due, held = session().get_one(MoneyDue, due_id), ledger.shared(due_id)
    left = {party: money.minor for party, money in held.items() if money.minor > 0}
    for party, minor in apportion(min(given_up_minor, sum(left.values())), left).items():
        if minor:
            ledger.post(
                due.organisation_id,
                debit=ledger.AccountRef(ledger.PAYABLE, party),
                credit=ledger.AccountRef(ledger.REVENUE),
                amount=Money(minor, due.currency),
                why="share_back",
                key=f"{fact}:share:{party}",
                due_id=due.id,
            )


def statement(party: str, start: datetime, end: datetime, organisation_ids: Sequence[str] = ()) -> Sequence[StatementLine]:
    """What moved on somebody's account from `start` until before `end`, oldest first; at some organisations only when given."""
    debit, credit = aliased(LedgerAccount), aliased(LedgerAccount)
    query = (
        select(LedgerTransfer, credit.kind, Encounter.journey)
        .join(debit, col(debit.id) == LedgerTransfer.debit_id)
        .join(credit, col(credit.id) == LedgerTransfer.credit_id)
        .join(MoneyDue, col(MoneyDue.id) == LedgerTransfer.due_id)
        .join(Encounter, col(Encounter.id) == MoneyDue.encounter_id)
        .where(or_(_is(debit, party), _is(credit, party)), LedgerTransfer.at >= start, LedgerTransfer.at < end)
        .order_by(col(LedgerTransfer.at), LedgerTransfer.id)
    )
    if organisation_ids:
        query = query.where(col(LedgerTransfer.organisation_id).in_(organisation_ids))
    return [_line(row, name, earned=kind == ledger.PAYABLE) for row, kind, name in session().exec(query)]


def _is(account: type[LedgerAccount], party: str) -> ColumnElement[bool]:
    return (col(account.kind) == ledger.PAYABLE) & (col(account.party) == party)


def _line(row: LedgerTransfer, journey_name: str, *, earned: bool) -> StatementLine:
    amount = Money(row.amount_minor if earned else -row.amount_minor, row.currency)
    return StatementLine(row.at, journey_name, (row.due_id or "")[:REFERENCE].upper(), amount)


def parties(organisation_ids: Sequence[str]) -> Sequence[Party]:
    """Everybody to whom some organisations owe or owed a share, by name."""
    query = select(LedgerAccount).where(LedgerAccount.kind == ledger.PAYABLE, col(LedgerAccount.organisation_id).in_(organisation_ids))
    return sorted((_party(row) for row in session().exec(query)), key=lambda found: (found.name, found.party))


def _party(row: LedgerAccount) -> Party:
    kind, _, known = row.party.partition(":")
    if kind == "payee":
        payee = session().get_one(Payee, known)
        return Party(row.party, row.organisation_id, payee.name, f"{payee.registry_key} {payee.registry_number}".strip())
    if kind == PRACTITIONER:
        person = session().get_one(Practitioner, known)
        return Party(row.party, row.organisation_id, person.display_name, f"{person.registry_key} {person.registry_number}".strip())
    return Party(row.party, row.organisation_id, runtime.current().settings.site.name)
