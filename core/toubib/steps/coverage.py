"""What the payers need to know, and the patient's acceptance of the price they read."""

from collections.abc import Mapping, Sequence

from toubib import runtime
from toubib.contracts.common import ContractError, Message
from toubib.contracts.identity import FactType
from toubib.contracts.journey import Command, EncounterView, Field, FormErrors, FormSpec, Phase, StepState, StepStatus, Who
from toubib.contracts.reimbursement import FactNeed
from toubib.services import coverage, insured, journey, people
from toubib.steps.base import NoForm

OPEN = StepState(StepStatus.OPEN)
DONE = StepState(StepStatus.DONE)
ASKED = "asked"


class CoverageFacts:
    """The facts that the patient's payers need, each asked once per person; before them where the patient is insured."""

    name = "coverage.facts"
    title = Message("toubib", "Your coverage")
    phase = Phase.PREPARE
    who = Who.PATIENT
    guards = frozenset({Command.CONFIRM})
    endpoint = None

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done once asked, by the payers of the country where the patient is insured; not applicable where no payer asks anything."""
        asked = journey.marks([e.id for e in encounters], self.name)
        return {e.id: self._state(e, asked[e.id]) for e in encounters}

    @staticmethod
    def _state(view: EncounterView, asked: Mapping[str, str]) -> StepState:
        if not runtime.current().packs:
            return StepState(StepStatus.NOT_APPLICABLE)
        if ASKED not in asked:
            return OPEN
        return DONE if not insured.is_asked() or asked[ASKED] == insured.country_of(view.person_id) else OPEN

    def form(self, view: EncounterView) -> FormSpec | None:
        """One field per fact, prefilled with what is known. Until the country is known, it is the only question."""
        needs = coverage.facts_needed(view.id)
        if not needs or view.person_id is None:
            return None
        known = people.facts_of(view.person_id, [n.key for n in needs])
        types = runtime.current().registry.fact_types
        fields = tuple(_field(types[n.key], known.get(n.key, ""), required=n.blocking) for n in needs)
        note = Message("toubib", "What you leave empty is not assumed: without it, less or nothing is promised back.")
        return FormSpec(self.title, fields, note)

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:
        """Keep each fact that was answered; the named check of each number that failed is its error.

        Whoever says another country than before is asked by its payers next, so the step stays open.
        """
        if view.person_id is None:
            return None
        before = insured.country_of(view.person_id)
        errors: dict[str, Message] = {}
        for need in coverage.facts_needed(view.id):
            error = _keep(view.person_id, need, values.get(need.key, "").strip())
            if error is not None and (need.key == insured.KEY or values.get(insured.KEY, before) == before):
                errors[need.key] = error
        if errors:
            return FormErrors(errors)
        country = insured.country_of(view.person_id)
        if country == before or not _asks_more(view.id):
            journey.mark(view.id, self.name, ASKED, country or "1")
        return None


def _keep(person_id: str, need: FactNeed, text: str) -> Message | None:
    """Keep one answer; returns what is wrong with it."""
    if not text:
        return Message("toubib", "This is needed before anything can be promised back.") if need.blocking else None
    try:
        people.declare_fact(person_id, need.key, text)
    except ContractError as error:
        return error.message
    return None


def _asks_more(encounter_id: str) -> bool:
    return any(need.key != insured.KEY for need in coverage.facts_needed(encounter_id))


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
