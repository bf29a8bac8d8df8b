"""The queue's step in a journey: until a practitioner takes the patient. It holds nothing back; it is the line in the thread."""

from collections.abc import Mapping, Sequence

from toubib.contracts.journey import Command, EncounterView, FormErrors, FormSpec, Phase, StepState, StepStatus, Who
from toubib_queue.texts import say


class Queued:
    """Waiting in the queue."""

    name = "queue.wait"
    title = say("Your place in the queue")
    phase = Phase.ARRIVE
    who = Who.PRACTITIONER
    guards: frozenset[Command] = frozenset()
    endpoint: str | None = "queue.place"

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done once somebody took the patient; nothing to do for a visit that was booked."""
        return {view.id: self._state(view) for view in encounters}

    @staticmethod
    def _state(view: EncounterView) -> StepState:
        if view.status == "cancelled":
            return StepState(StepStatus.NOT_APPLICABLE)
        return StepState(StepStatus.DONE if view.practitioner_role_id else StepStatus.OPEN)

    def form(self, view: EncounterView) -> FormSpec | None:  # noqa: ARG002  the contract's signature
        """No form."""
        return None

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:  # noqa: ARG002  the contract's signature
        """Nothing to keep."""
        return None
