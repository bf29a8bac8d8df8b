"""The journey: where each encounter stands in the steps of its deployment, and which commands they hold back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.common import Message, Refused
from toubib.contracts.journey import Command, ConductedStep, EncounterView, Step, StepState, StepStatus
from toubib.db import database, require_outside, session
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.journey import Encounter, StepMark
from toubib.seams import clock
from toubib.services import standing


@dataclass(frozen=True, slots=True)
class Standing:
    """A step with its state for one encounter."""

    step: Step
    state: StepState


def views(encounter_ids: Sequence[str]) -> Mapping[str, EncounterView]:
    """Encounters as steps see them, by id."""
    query = (
        select(Encounter, Appointment)
        .join(Appointment, col(Appointment.encounter_id) == Encounter.id, isouter=True)
        .where(col(Encounter.id).in_(encounter_ids))
    )
    return {e.id: _view(e, a) for e, a in session().exec(query)}


def view(encounter_id: str) -> EncounterView:
    """One encounter as steps see it."""
    return views([encounter_id])[encounter_id]


def _view(row: Encounter, appointment: Appointment | None) -> EncounterView:
    return EncounterView(
        row.id,
        row.organisation_id,
        row.journey,
        row.status,
        row.person_id,
        row.practitioner_role_id,
        row.modality,
        appointment.starts_at if appointment else None,
        appointment.zone if appointment else runtime.current().settings.site.zone,
    )


def steps(journey: str) -> Sequence[Step]:
    """The steps that the deployment lists for a journey, in order; none for a journey that it no longer lists."""
    toubib = runtime.current()
    listed = toubib.settings.journeys.get(journey)
    return [toubib.registry.steps[name] for name in listed.steps] if listed else []


PRICED = frozenset({"coverage.estimate", "payment.authorise"})


def priced(journey: str) -> bool:
    """Whether somebody reads a price or pays in a journey."""
    return any(step.name in PRICED for step in steps(journey))


def money_is_spoken_of() -> bool:
    """Whether any journey of the deployment has a price; where each is without one, no page has a word of money."""
    journeys = runtime.current().settings.journeys
    return not journeys or any(priced(name) for name in journeys)


def standings(encounter: EncounterView) -> Sequence[Standing]:
    """Each step of the encounter's journey with its state, in order."""
    return [Standing(step, step.states([encounter])[encounter.id]) for step in steps(encounter.journey)]


def guard(command: Command, encounter: EncounterView) -> Refused | None:
    """Why a command may not run: its practitioner may not act now, or the first step that guards it is not done; `None` when it may."""
    if command in standing.COMMANDS and (barred := standing.refusal(encounter.practitioner_role_id, command)):
        return barred
    for step in steps(encounter.journey):
        if command in step.guards:
            state = step.states([encounter])[encounter.id]
            if state.status not in (StepStatus.DONE, StepStatus.NOT_APPLICABLE):
                return Refused(step.name, Message("toubib", "First: %(step)s", {"step": step.title}))
    return None


def conduct(encounter_id: str) -> Mapping[str, Message]:
    """Let the encounter's steps ask outside about the answers just kept; what is wrong, by field. Outside any unit of work."""
    require_outside("asking about answers")
    with database().reading():
        asking = [step for step in steps(view(encounter_id).journey) if isinstance(step, ConductedStep)]
    return {name: message for step in asking if (wrong := step.conduct(encounter_id)) for name, message in wrong.by_field.items()}


def mark(encounter_id: str, step: str, key: str, value: str = "1") -> None:
    """Remember something of an encounter under a step's own name."""
    row = session().exec(
        select(StepMark).where(StepMark.encounter_id == encounter_id, StepMark.step == step, StepMark.key == key)
    ).first()
    if row is None:
        organisation_id = session().get_one(Encounter, encounter_id).organisation_id
        row = StepMark(organisation_id=organisation_id, encounter_id=encounter_id, step=step, key=key)
        session().add(row)
    row.value, row.at = value, clock.now()
    session().flush()


def marks(encounter_ids: Sequence[str], step: str) -> Mapping[str, Mapping[str, str]]:
    """What a step remembered, by encounter and key."""
    rows = session().exec(select(StepMark).where(col(StepMark.encounter_id).in_(encounter_ids), StepMark.step == step))
    found: dict[str, dict[str, str]] = {encounter_id: {} for encounter_id in encounter_ids}
    for row in rows:
        found[row.encounter_id][row.key] = row.value
    return found
