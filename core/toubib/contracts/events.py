"""Events: rows written in the transaction of what happened; observers run from them as jobs after commit.

An observer never delays or fails what it observes. Events carry ids, never health data.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from toubib.contracts.common import Ref


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in the past tense: `appointment.booked`, `payment.captured`."""

    id: str
    name: str
    subject: Ref
    organisation_id: str
    at: datetime


EventHandler: TypeAlias = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Observer:
    """Run `handler` for each event called one of `events`; at least once, isolated, retried.

    `name` is `PLUGIN.verb_object`. The handler runs outside any unit of work and opens its own.
    """

    name: str
    events: frozenset[str]
    handler: EventHandler


EVENTS: dict[str, str] = {
    "encounter.admitted": "The practitioner let the patient in.",
    "encounter.ended": "The practitioner ended the consultation.",
    "appointment.booked": "The appointment is certain: time taken, money secured where asked.",
    "appointment.moved": "The appointment has another time; its sequence went up.",
    "appointment.cancelled": "The appointment will not take place; its time is free.",
    "appointment.hold_expired": "Nobody confirmed the held time.",
    "request.activated": "A request without a time is complete: practitioners may take it.",
    "request.taken": "A practitioner took a request.",
    "request.returned": "A request was taken back, so that another practitioner may take it.",
    "request.revoked": "Nothing comes of a request any more; its money goes back.",
    "payment.authorised": "The provider holds the amount for us.",
    "payment.method_saved": "The payer's card is kept, to be used once before or after the visit.",
    "payment.captured": "The provider took the final amount.",
    "payment.failed": "The provider refused.",
    "payment.released": "An authorisation was given back.",
    "payment.refunded": "Money went back to the payer.",
    "prescription.issued": "A prescription was signed by its author.",
    "prescription.revoked": "A prescription is no longer valid.",
    "claim.drafted": "A claim was built from the frozen items.",
    "encounter.settled": "Acts are frozen, money and claims follow.",
}
"""Every event and its meaning. The core alone publishes them: plugins report facts to its services, and hear of each other so."""
