"""The state machines of the house, as tables: code asks them, and the database enforces the same moves."""

from dataclasses import dataclass
from typing import Protocol


class IllegalMove(Exception):
    """A state may not follow another."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The states of one table: where a row may begin, and which state may follow which."""

    first: frozenset[str]
    moves: frozenset[tuple[str, str]]

    @property
    def states(self) -> frozenset[str]:
        """Every state there is."""
        return self.first | {state for move in self.moves for state in move}

    def allows(self, state_from: str, state_to: str) -> bool:
        """Whether a row may go from one state to the other (staying is always allowed)."""
        return state_from == state_to or (state_from, state_to) in self.moves


class Stateful(Protocol):
    """A row with a status."""

    status: str


def _machine(first: str, *arrows: str) -> Machine:
    moves = set()
    for arrow in arrows:
        left, right = arrow.split(" -> ")
        moves |= {(a.strip(), b.strip()) for a in left.split(",") for b in right.split(",")}
    return Machine(frozenset(first.split()), frozenset(moves))


MACHINES: dict[str, Machine] = {
    # FHIR R4 AppointmentStatus; `pending` is a held time, `lapsed` a hold that nobody confirmed.
    "appointment": _machine(
        "pending waitlist",
        "waitlist -> pending, cancelled",
        "pending -> booked, lapsed, cancelled",
        "lapsed -> booked",
        "booked -> arrived, noshow, cancelled, fulfilled",
        "arrived -> fulfilled, noshow, cancelled",
    ),
    # FHIR R4 EncounterStatus; `settled` means acts frozen, money and claims ordered.
    "encounter": _machine(
        "planned",
        "planned -> arrived, cancelled",
        "arrived -> planned, in-progress, cancelled",
        "in-progress -> finished, cancelled",
        "finished -> settled",
    ),
    # FHIR R4 RequestStatus, with `accepted` for one that a practitioner has taken.
    "service_request": _machine(
        "draft",
        "draft -> active, revoked",
        "active -> accepted, revoked",
        "accepted -> active, completed, revoked",
    ),
    "money_due": _machine(
        "open",
        "open -> secured, settled, cancelled",
        "secured -> open, settled, cancelled",
        "settled -> refunded",
    ),
    "payment_attempt": _machine(
        "created",
        "created -> pending, failed, abandoned",
        "pending -> authorised, method_saved, captured, failed, abandoned, expired",
        # a provider may answer after we gave the attempt up: such money is taken or released, never ignored
        "abandoned -> authorised, method_saved, captured, expired",
        "method_saved -> pending, authorised, captured, failed, voided",
        "authorised -> captured, voided, expired, failed",
        "captured -> refunded",
    ),
    # a claim is built again whenever items join it, so that it may be held, freed and held again
    "claim": _machine(
        "draft held needs_gateway",
        "draft -> held, needs_gateway, cancelled",
        "held -> draft, needs_gateway, cancelled",
        "needs_gateway -> held, draft, cancelled",
    ),
    "prescription": _machine("draft", "draft -> issued, discarded", "issued -> revoked, replaced"),
}


def move(machine: str, row: Stateful, state_to: str) -> None:
    """Change a row's status; raises `IllegalMove` when the machine does not allow it."""
    if not MACHINES[machine].allows(row.status, state_to):
        raise IllegalMove(f"{machine}: {row.status} -> {state_to}")
    row.status = state_to
