"""What the test before a call found, and the journey's step that shows it."""

from collections.abc import Mapping, Sequence

from toubib.contracts.common import Message
from toubib.contracts.journey import Command, EncounterView, FormErrors, FormSpec, Phase, StepState, StepStatus, Who
from toubib.services import journey
from toubib_video_webrtc import texts

STEP = "video_webrtc.test"
DEVICES = ("camera", "microphone", "network")
WORDS = ("ok", "weak", "failed")


def keep(encounter_id: str, found: Mapping[str, str], side: str) -> None:
    """Remember the last test of one side, `patient` or `practitioner`. Inside a unit of work."""
    for device in DEVICES:
        journey.mark(encounter_id, STEP, f"{side}.{device}", found[device])


def sound(found: object) -> dict[str, str] | None:
    """The three words of a report, or `None` when it is not one."""
    if not isinstance(found, dict):
        return None
    words = {device: found.get(device) for device in DEVICES}
    return {d: str(w) for d, w in words.items()} if all(w in WORDS for w in words.values()) else None


class TestStep:
    """The patient tests camera, microphone and network before the call. It guards nothing: nobody is shut out by it."""

    name = STEP
    title: Message = texts.say("Test camera, microphone and network")
    phase = Phase.PREPARE
    who = Who.PATIENT
    guards: frozenset[Command] = frozenset()
    endpoint: str | None = STEP

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Not for a visit in person; else what the patient's last test found."""
        marks = journey.marks([e.id for e in encounters if e.modality == "video"], STEP)
        return {e.id: _state(marks[e.id]) if e.id in marks else StepState(StepStatus.NOT_APPLICABLE) for e in encounters}

    def form(self, view: EncounterView) -> FormSpec | None:
        """It has a page of its own."""

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:
        """It has a page of its own."""


def _state(marks: Mapping[str, str]) -> StepState:
    words = {marks.get(f"patient.{device}") for device in DEVICES}
    if None in words:
        return StepState(StepStatus.OPEN, texts.say("Takes half a minute."))
    if "failed" in words:
        return StepState(StepStatus.FAILED, texts.say("Something did not work. Test again, or go on by telephone."))
    if "weak" in words:
        return StepState(StepStatus.DONE, texts.say("Works, with something weak."))
    return StepState(StepStatus.DONE, texts.say("Camera, microphone and network work."))
