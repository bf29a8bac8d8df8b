"""Settling: acts are frozen, the final quote is kept, the real amount is ordered, claims are drafted.

Runs in one unit of work after the consultation ended; repeating it changes nothing.
"""

import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import ContractError, Message, Money, Ref
from toubib.contracts.jobs import Payload
from toubib.contracts.journey import Command
from toubib.contracts.reimbursement import AssembledClaim, ClaimState, FrozenItem, Quote, QuoteContext
from toubib.db import database, session, vault
from toubib.db.once import found_or_added
from toubib.db.states import move as move_state
from toubib.db.tables.claims import Claim, ClaimItem
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import ChargeItem
from toubib.db.tables.people import Person
from toubib.i18n import CORE
from toubib.seams import clock, randomness
from toubib.services import billing, checkout, counting, coverage, dues, guarantees, journey
from toubib.services.locking import lock_agreement


def settle(encounter_id: str) -> None:
    """Freeze and order everything that follows from an ended consultation."""
    lock_agreement(encounter_id)
    encounter = session().get_one(Encounter, encounter_id, with_for_update={"key_share": True})
    if encounter.status == "settled":
        return
    if encounter.status != "finished":
        raise ContractError(Message(CORE, "This consultation has not ended."))
    if refused := journey.guard(Command.SETTLE, journey.view(encounter_id)):
        raise ContractError(refused.message)
    _one_at_a_time(encounter.person_id)
    _freeze_charges(encounter)
    snapshot = coverage.context(encounter_id)
    answer = coverage.estimate(snapshot)
    coverage.keep(snapshot, answer, "final")
    for quote in answer.quotes:
        if quote.pack:
            _freeze_items(encounter, snapshot, quote)
            _consume(encounter, snapshot, quote)
    move_state("encounter", encounter, "settled")
    encounter.settled_at = clock.now()
    session().flush()
    guarantees.settle(encounter_id, answer.quotes)
    _collect(encounter_id, answer.asked)
    trail.wrote("settle", Ref("encounter", encounter_id), organisation_id=encounter.organisation_id, person_id=encounter.person_id or "")
    runtime.current().publisher.publish("encounter.settled", Ref("encounter", encounter_id), encounter.organisation_id)
    runtime.enqueue("toubib.assemble_claims", {"encounter": encounter_id}, key=f"claims:{encounter_id}")


def _one_at_a_time(person_id: str | None) -> None:
    """Lock the patient before any count is read, so that two visits cannot both use the last room under a ceiling."""
    if person_id is not None:
        session().exec(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True)).one()


def _collect(encounter_id: str, asked: Money) -> None:
    """The real amount becomes final, never above what the patient accepted; the rest that was held is released, the invoice numbered."""
    for due in dues.of_encounter(encounter_id):
        if due.purpose == checkout.PURPOSE and due.status != "cancelled":
            billing.bill(due.id, min(asked.minor, due.maximum.minor))


def _freeze_charges(encounter: Encounter) -> None:
    """Acts that nobody stated are those of the visit reason, as the patient accepted them."""
    stated = session().exec(select(ChargeItem).where(ChargeItem.encounter_id == encounter.id)).all()
    for item in stated or coverage.state_charges(encounter, coverage.context(encounter.id).charges):
        item.frozen_at = clock.now()
    session().flush()


def _freeze_items(encounter: Encounter, snapshot: QuoteContext, quote: Quote) -> None:
    pack = runtime.current().registry.packs[quote.pack]
    for position, item in enumerate(pack.items(snapshot, quote)):
        row = ClaimItem(
            organisation_id=encounter.organisation_id,
            encounter_id=encounter.id,
            performer_role_id=item.performer_role_id,
            person_id=item.person_id,
            pack=item.pack,
            payer=item.payer,
            code=item.code,
            position=position,
            amount_minor=item.amount.minor if item.amount else None,
            currency=item.amount.currency if item.amount else "",
            points=item.points,
            care_at=item.care_at,
            grouping_key=item.grouping_key,
        )
        vault().seal(row, "payload", json.dumps(dict(item.payload)))
        session().add(row)
    session().flush()


def _consume(encounter: Encounter, snapshot: QuoteContext, quote: Quote) -> None:
    """Counters move only here, by the practice's calendar, as they are read."""
    if encounter.person_id is None:
        return
    rules = {rule.key: rule for rule in runtime.current().registry.packs[quote.pack].counters}
    day = snapshot.care_at.astimezone(ZoneInfo(snapshot.zone)).date()
    for key, delta in quote.counters.items():
        counting.consume(encounter.organisation_id, encounter.person_id, rules[key], day, delta)


def assemble_claims(payload: Payload) -> None:
    """Job: build the claims that an encounter's items join. Items that joined one already are left alone."""
    with database().unit_of_work() as writing:
        query = select(ClaimItem).where(ClaimItem.encounter_id == str(payload["encounter"]), col(ClaimItem.claim_id).is_(None))
        groups = {(row.organisation_id, row.pack, row.grouping_key) for row in writing.exec(query)}
        for group in sorted(groups):
            _assemble(*group)


def close_claims(_payload: Payload) -> None:
    """Job: build the claims anew that still gather items, so that one whose quarter or month is over becomes ready."""
    with database().unit_of_work() as writing:
        gathering = writing.exec(select(Claim).where(Claim.status == ClaimState.DRAFT)).all()
        packs = runtime.current().registry.packs
        for group in sorted((claim.organisation_id, claim.pack, claim.grouping_key) for claim in gathering if claim.pack in packs):
            _assemble(*group)


def _assemble(organisation_id: str, pack_name: str, grouping_key: str) -> None:
    """One claim per organisation and grouping key, whatever key a pack chose: nobody's items stand in another's claim."""
    own = (Claim.pack == pack_name, Claim.grouping_key == grouping_key, Claim.organisation_id == organisation_id)
    query = select(Claim).where(*own).with_for_update().execution_options(populate_existing=True)
    # the claim is locked before its items are read: whoever builds it at the same moment waits, and then sees them all
    claim = session().exec(query).first()
    rows, made = _gathered(organisation_id, pack_name, grouping_key)
    if made.state is ClaimState.NONE_REQUIRED:
        return
    if claim is None:
        new = Claim(
            id=randomness.new_id(),
            organisation_id=organisation_id,
            person_id=rows[0].person_id,
            pack=pack_name,
            grouping_key=grouping_key,
            status=made.state,
        )
        claim = found_or_added(query, new)
        if claim is not new:
            rows, made = _gathered(organisation_id, pack_name, grouping_key)
    if claim.status == "cancelled":
        return
    if claim.status != made.state:
        move_state("claim", claim, made.state)
    _fill(claim, made)
    joined = {row.person_id for row in rows if row.claim_id is None}
    for row in rows:
        row.claim_id = claim.id
    for person_id in sorted(joined):
        trail.wrote("draft_claim", Ref("claim", claim.id), organisation_id=claim.organisation_id, person_id=person_id)
    if joined:
        runtime.current().publisher.publish("claim.drafted", Ref("claim", claim.id), claim.organisation_id)


def _gathered(organisation_id: str, pack_name: str, grouping_key: str) -> tuple[Sequence[ClaimItem], AssembledClaim]:
    """The items of a claim as they stand, and what the pack makes of them."""
    query = select(ClaimItem).where(ClaimItem.organisation_id == organisation_id, ClaimItem.pack == pack_name)
    query = query.where(ClaimItem.grouping_key == grouping_key).order_by(col(ClaimItem.care_at), ClaimItem.id)
    rows = session().exec(query.execution_options(populate_existing=True)).all()
    return rows, runtime.current().registry.packs[pack_name].assemble(grouping_key, [_frozen(row) for row in rows], clock.now())


def _fill(claim: Claim, made: AssembledClaim) -> None:
    claim.deadline, claim.schema_version = made.deadline, made.schema_version
    vault().seal(claim, "payload", json.dumps(dict(made.payload)))
    vault().seal(claim, "legal_status", coverage.dump_message(made.legal_status))
    vault().seal(claim, "next_step", coverage.dump_message(made.next_step))
    session().add(claim)
    session().flush()


def _frozen(row: ClaimItem) -> FrozenItem:
    return FrozenItem(
        row.id,
        row.encounter_id,
        row.performer_role_id,
        row.organisation_id,
        row.person_id,
        row.pack,
        row.payer,
        row.code,
        Money(row.amount_minor, row.currency) if row.amount_minor is not None else None,
        row.points,
        row.care_at,
        row.grouping_key,
        json.loads(vault().read(row, "payload") or "{}"),
    )
