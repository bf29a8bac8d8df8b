"""Waiting, consulting, settling: steps that follow the encounter's own state."""

from collections.abc import Mapping, Sequence

from toubib.contracts.common import Message
from toubib.contracts.journey import Command, EncounterView, Phase, StepState, StepStatus, Who
from toubib.steps.base import NoForm

ORDER = ("planned", "arrived", "in-progress", "finished", "settled")


class _Follows(NoForm):
    """A step whose state is read off the encounter's."""

    name = ""
    title = Message("toubib", "")
    phase = Phase.ARRIVE
    who = Who.PATIENT
    guards: frozenset[Command] = frozenset()
    endpoint: str | None = None
    begins = "planned"
    done = "arrived"

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done from the state `done` on; the step is now from `begins` on."""
        return {e.id: self._state(e.status) for e in encounters}

    def _state(self, status: str) -> StepState:
        if status not in ORDER:
            return StepState(StepStatus.NOT_APPLICABLE)
        at = ORDER.index(status)
        if at >= ORDER.index(self.done):
            return StepState(StepStatus.DONE)
        return StepState(StepStatus.OPEN if at >= ORDER.index(self.begins) else StepStatus.WAITING)


class Wait(_Follows):
    """The patient waits until the practitioner admits them."""

    name = "room.wait"
    title = Message("toubib", "Waiting room")
    begins = "planned"
    done = "in-progress"
    endpoint = "room.enter"


class Consult(_Follows):
    """They talk."""

    name = "room.consult"
    title = Message("toubib", "Consultation")
    phase = Phase.CONSULT
    who = Who.PRACTITIONER
    begins = "in-progress"
    done = "finished"
    endpoint = "room.enter"


class Settle(_Follows):
    """Acts are frozen, money and claim follow."""

    name = "close.settle"
    title = Message("toubib", "Bill and reimbursement")
    phase = Phase.SETTLE
    who = Who.SYSTEM
    begins = "finished"
    done = "settled"
