"""Waiting, consulting, settling: steps that follow the encounter's own state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toubib.contracts.common import Message
from toubib.contracts.journey import Command, EncounterView, Phase, StepState, StepStatus, Who
from toubib.steps.base import NoForm

ORDER = ("planned", "arrived", "in-progress", "finished", "settled")


@dataclass(frozen=True, slots=True)
class Follows(NoForm):
    """A step whose state is read off the encounter's: now from `begins` on, done from `done` on."""

    name: str
    title: Message
    phase: Phase
    who: Who
    begins: str
    done: str
    endpoint: str | None = None
    guards: frozenset[Command] = frozenset()

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Where each encounter is on its way."""
        return {e.id: self._state(e.status) for e in encounters}

    def _state(self, status: str) -> StepState:
        if status not in ORDER:
            return StepState(StepStatus.NOT_APPLICABLE)
        at = ORDER.index(status)
        if at >= ORDER.index(self.done):
            return StepState(StepStatus.DONE)
        return StepState(StepStatus.OPEN if at >= ORDER.index(self.begins) else StepStatus.WAITING)


WAIT = Follows("room.wait", Message("toubib", "Waiting room"), Phase.ARRIVE, Who.PATIENT, "planned", "in-progress", "room.enter")
"""The patient waits until the practitioner admits them."""
CONSULT = Follows("room.consult", Message("toubib", "Consultation"), Phase.CONSULT, Who.PRACTITIONER, "in-progress", "finished", "room.enter")
"""They talk."""
SETTLE = Follows("close.settle", Message("toubib", "Bill and reimbursement"), Phase.SETTLE, Who.SYSTEM, "finished", "settled")
"""Acts are frozen, money and claim follow."""
