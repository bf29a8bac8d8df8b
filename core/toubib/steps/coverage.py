"""What the payers need to know, and the patient's acceptance of the price they read."""

from collections.abc import Mapping, Sequence

from toubib import runtime
from toubib.contracts.common import ContractError, Message
from toubib.contracts.identity import FactType
from toubib.contracts.journey import Command, EncounterView, Field, FormErrors, FormSpec, Phase, StepState, StepStatus, Who
from toubib.services import coverage, journey, people
from toubib.steps.base import NoForm

OPEN = StepState(StepStatus.OPEN)
DONE = StepState(StepStatus.DONE)
ASKED = "asked"


class CoverageFacts:
    """The facts that the deployment's payers need, each asked once per person."""

    name = "coverage.facts"
    title = Message("toubib", "Your coverage")
    phase = Phase.PREPARE
    who = Who.PATIENT
    guards = frozenset({Command.CONFIRM})
    endpoint = None

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done once asked; not applicable where no payer asks anything."""
        asked = journey.marks([e.id for e in encounters], self.name)
        return {e.id: self._state(asked[e.id]) for e in encounters}

    @staticmethod
    def _state(asked: Mapping[str, str]) -> StepState:
        if not runtime.current().packs:
            return StepState(StepStatus.NOT_APPLICABLE)
        return DONE if ASKED in asked else OPEN

    def form(self, view: EncounterView) -> FormSpec | None:
        """One field per fact, prefilled with what is known."""
        needs = coverage.facts_needed(view.id)
        if not needs or view.person_id is None:
            return None
        known = people.facts_of(view.person_id, [n.key for n in needs])
        types = runtime.current().registry.fact_types
        fields = tuple(_field(types[n.key], known.get(n.key, ""), required=n.blocking) for n in needs)
        note = Message("toubib", "What you leave empty is not assumed: without it, less or nothing is promised back.")
        return FormSpec(self.title, fields, note)

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:
        """Keep each fact that was answered; the named check of each number that failed is its error."""
        if view.person_id is None:
            return None
        errors: dict[str, Message] = {}
        for need in coverage.facts_needed(view.id):
            text = values.get(need.key, "").strip()
            if not text:
                if need.blocking:
                    errors[need.key] = Message("toubib", "This is needed before anything can be promised back.")
                continue
            try:
                people.declare_fact(view.person_id, need.key, text)
            except ContractError as error:
                errors[need.key] = error.message
        if errors:
            return FormErrors(errors)
        journey.mark(view.id, self.name, ASKED)
        return None


def _field(kind: FactType, known: str, *, required: bool) -> Field:
    return Field(
        kind.key,
        kind.label,
        kind="choice" if kind.choices else "text",
        required=required,
        hint=kind.hint or kind.purpose,
        choices=kind.choices,
        known=known,
        autocomplete=kind.autocomplete,
        input_mode=kind.input_mode,
    )


class AcceptEstimate(NoForm):
    """The patient read what it costs and what comes back, and went on."""

    name = "coverage.estimate"
    title = Message("toubib", "What you pay, what comes back")
    phase = Phase.PREPARE
    who = Who.PATIENT
    guards = frozenset({Command.CONFIRM})
    endpoint = "booking_flow.price"

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done once a quote was accepted."""
        return {e.id: DONE if self._accepted(e) else OPEN for e in encounters}

    @staticmethod
    def _accepted(view: EncounterView) -> bool:
        if not runtime.current().packs:
            return bool(journey.marks([view.id], "coverage.estimate")[view.id])
        return coverage.accepted(view.id) is not None
