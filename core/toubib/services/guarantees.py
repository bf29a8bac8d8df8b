"""Guarantees: payers' evidence, the room kept for what a patient accepted, and the money that payers owe the billing party themselves.

Guarantors (`toubib.contracts.guarantee`) are asked in the order of the deployment's packs. All but the observer joins the caller's unit of work.
"""

from collections.abc import Iterator, Mapping, Sequence

from toubib import runtime
from toubib.contracts.common import Refused
from toubib.contracts.events import Event, Observer
from toubib.contracts.guarantee import Guarantor
from toubib.contracts.reimbursement import Quote, Share
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.services import agreements, ledger
from toubib.services.locking import lock_agreement


def _guarantors() -> Iterator[Guarantor]:
    toubib = runtime.current()
    return (g for pack in toubib.packs if (g := toubib.registry.guarantors.get(pack.name)) is not None)


def evidence(encounter_id: str) -> Mapping[str, str]:
    """Everything that the deployment's guarantors know of an encounter."""
    return {key: value for guarantor in _guarantors() for key, value in guarantor.evidence(encounter_id).items()}


def shares_of(pack: str, quotes: Sequence[Quote]) -> tuple[Share, ...]:
    """What a pack pays of the charges, in its answer among others."""
    return tuple(s for quote in quotes if quote.pack == pack for s in quote.shares if not s.deduction and s.amount.minor)


def reserve(encounter_id: str, quotes: Sequence[Quote]) -> Refused | None:
    """Keep room for what the patient accepted; the first refusal stops. What was agreed is locked before any guarantor locks its own."""
    lock_agreement(encounter_id)
    for guarantor in _guarantors():
        if refused := guarantor.reserve(encounter_id, shares_of(guarantor.name, quotes)):
            return refused
    return None


def settle(encounter_id: str, quotes: Sequence[Quote]) -> None:
    """Book what was settled, and enter what payers owe the billing party themselves: never asked of the patient, owed all the same."""
    for guarantor in _guarantors():
        guarantor.consume(encounter_id, shares_of(guarantor.name, quotes))
    organisation_id = session().get_one(Encounter, encounter_id).organisation_id
    for quote in quotes:
        for position, share in enumerate(quote.shares):
            if share.direct and not share.deduction and share.amount.minor:
                ledger.post(
                    organisation_id,
                    debit=ledger.AccountRef(ledger.THIRD_PARTY, share.payer),
                    credit=ledger.AccountRef(ledger.REVENUE),
                    amount=share.amount,
                    why="settle",
                    key=f"share:{encounter_id}:{quote.pack}:{position}",
                )


def give_back(encounter_id: str) -> None:
    """Nothing comes of an encounter: give back what was kept for it."""
    for guarantor in _guarantors():
        guarantor.release(encounter_id)


def release(event: Event) -> None:
    """Observer: give back what was kept for an encounter that came to nothing, or that nobody booked in its time.

    One that was agreed on after all keeps it; one that is agreed on later, because its money came late, asks for room anew.
    """
    with database().unit_of_work():
        lock_agreement(event.subject.id)
        if agreements.of(event.subject.id).state in ("lapsed", "over"):
            give_back(event.subject.id)


OBSERVERS = (Observer("toubib.release_guarantees", frozenset({"appointment.cancelled", "appointment.hold_expired", "request.revoked"}), release),)
