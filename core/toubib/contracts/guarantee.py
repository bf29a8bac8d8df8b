"""Guarantee: what a payer's promise rests on when it lives in rows: members, limits, an answer of a service.

A reimbursement pack is pure. The plugin of a payer whose promises run out registers a guarantor beside it, under the pack's name: it
puts evidence into the context before anything is quoted, keeps room for what the patient accepted, and books what was settled. So two
visits at once never use the same last room, and the estimate stays a pure function of what is stored beside it.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from toubib.contracts.common import Refused
from toubib.contracts.reimbursement import Share


class Guarantor(Protocol):
    """The keeper of a payer's promises. Every method joins the open unit of work; none touches the network."""

    @property
    def name(self) -> str:
        """The name of the reimbursement pack that quotes by this evidence."""
        ...

    def evidence(self, encounter_id: str) -> Mapping[str, str]:
        """What the pack may rely on for this encounter, by keys `PACK.key`; empty when there is nothing. Reads only."""
        ...

    def reserve(self, encounter_id: str, shares: Sequence[Share]) -> Refused | None:
        """Keep room for the shares that the patient accepted, under a lock; refused when there is no room any more.

        Called at acceptance and again when the visit becomes certain. The same again changes nothing, other shares replace the former
        ones, none gives the room back.
        """
        ...

    def consume(self, encounter_id: str, shares: Sequence[Share]) -> None:
        """The encounter is settled with these shares: book them in place of what was kept. Called once."""
        ...

    def release(self, encounter_id: str) -> None:
        """Nothing comes of the encounter: give the room back. Called again and again at no cost."""
        ...
