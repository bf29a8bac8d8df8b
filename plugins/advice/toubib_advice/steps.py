"""Steps that a journey of advice may list: what it is not, the treating doctor's part, and that nothing is prescribed."""

from collections.abc import Mapping, Sequence

from toubib.contracts.common import ContractError
from toubib.contracts.journey import Command, EncounterView, Field, FormErrors, FormSpec, Phase, StepState, StepStatus, Who
from toubib.services import journey, shares
from toubib_advice import basis, questions
from toubib_advice.texts import say

NOT_CARE = say("I have read: this is not a consultation, and it is not reimbursed. Nothing is prescribed.")
READ = "read"


class NotAConsultation:
    """The patient reads what advice is not, before paying. Held back where the mode is off by now."""

    name = "advice.notice"
    title = say("What this is, and is not")
    phase = Phase.PREPARE
    who = Who.PATIENT
    guards = frozenset({Command.CONFIRM})
    endpoint = None

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Done once read, as long as the mode may be offered."""
        read = journey.marks([e.id for e in encounters], self.name)
        return {e.id: self._state(e, read[e.id]) for e in encounters}

    @staticmethod
    def _state(view: EncounterView, read: Mapping[str, str]) -> StepState:
        if not basis.allowed(questions.of(view.id).kind):
            return StepState(StepStatus.FAILED, say("This is not offered at the moment. Nothing was sent and nothing is charged."))
        return StepState(StepStatus.DONE if READ in read else StepStatus.OPEN)

    def form(self, view: EncounterView) -> FormSpec | None:
        """One box, never ticked beforehand."""
        if self.states([view])[view.id].status is StepStatus.DONE:
            return None
        return FormSpec(self.title, (Field(f"{self.name}.read", NOT_CARE, kind="checkbox"),))

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:
        """Keep that it was read."""
        if self.states([view])[view.id].status is StepStatus.DONE:
            return None
        if values.get(f"{self.name}.read") != "1":
            return FormErrors({f"{self.name}.read": say("Tick the box once you have read it, or book a consultation instead.")})
        journey.mark(view.id, self.name, READ)
        return None


class TreatingDoctor:
    """The patient may name their treating doctor, who gets a part of the price where the deployment says so."""

    name = "advice.treating_doctor"
    title = say("Your treating doctor")
    phase = Phase.PREPARE
    who = Who.PATIENT
    guards: frozenset[Command] = frozenset()
    endpoint = None

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Never open: naming nobody is an answer."""
        return {e.id: StepState(StepStatus.DONE if _shared(e) else StepStatus.NOT_APPLICABLE) for e in encounters}

    def form(self, view: EncounterView) -> FormSpec | None:
        """Name and number in the register, both or neither; nothing where no part goes to them."""
        if not _shared(view):
            return None
        known = shares.treating_doctor(view.id)
        name = Field(f"{self.name}.name", say("Name"), required=False, known=known.name if known else "")
        number = Field(f"{self.name}.number", say("Number in the register"), required=False, known=known.registry_number if known else "")
        note = say("A part of the price goes to them. They learn that, and nothing of your question. Leave it empty if you have none.")
        return FormSpec(self.title, (name, number), note)

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:
        """Keep who it is."""
        if not _shared(view):
            return None
        try:
            shares.name_treating_doctor(view.id, values.get(f"{self.name}.name", ""), values.get(f"{self.name}.number", ""))
        except ContractError as error:
            return FormErrors({f"{self.name}.number": error.message})
        return None


def _shared(view: EncounterView) -> bool:
    rule = shares.rule_of(view.journey)
    return rule is not None and any(part.to == shares.TREATING for part in rule.parts)


class NoPrescription:
    """Listed in a journey, it forbids prescribing in it: never done, so that the command it guards always waits."""

    name = "advice.no_prescription"
    title = say("Nothing is prescribed in writing: book a consultation")
    phase = Phase.CONSULT
    who = Who.PRACTITIONER
    guards = frozenset({Command.ISSUE_PRESCRIPTION})
    endpoint = None

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Never done."""
        return {e.id: StepState(StepStatus.WAITING, self.title) for e in encounters}

    def form(self, view: EncounterView) -> FormSpec | None:  # noqa: ARG002  the contract's signature
        """Nothing to ask."""
        return None

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:  # noqa: ARG002  as above
        """Nothing to keep."""
        return None
