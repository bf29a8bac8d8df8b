"""Steps of a journey. The deployment lists them in order; plugins and core register them.

A step says who acts, which core commands it guards, and where each encounter stands. Small steps give a form
that the core combines with others on one screen; big ones have a page of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from toubib.contracts.common import Message


class Command(StrEnum):
    """Core commands that a step can guard.

    `start` is asked wherever care begins and the encounter goes `in-progress`: at the admission to the room, after `admit`, and
    where care begins in writing or at the patient's side without one.
    """

    HOLD = "hold"
    CONFIRM = "confirm"
    ARRIVE = "arrive"
    ADMIT = "admit"
    START = "start"
    END = "end"
    ISSUE_PRESCRIPTION = "issue_prescription"
    SETTLE = "settle"
    CANCEL = "cancel"
    REASSIGN = "reassign"


class Phase(StrEnum):
    """Headings of a journey; they order nothing."""

    PLAN = "plan"
    PREPARE = "prepare"
    ARRIVE = "arrive"
    CONSULT = "consult"
    CLOSE = "close"
    SETTLE = "settle"


class Who(StrEnum):
    """Who does a step."""

    PATIENT = "patient"
    PRACTITIONER = "practitioner"
    STAFF = "staff"
    SYSTEM = "system"


class StepStatus(StrEnum):
    """Where an encounter stands in a step."""

    NOT_APPLICABLE = "not_applicable"
    OPEN = "todo"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StepState:
    """Status with the sentence shown in the thread, and until when or since when."""

    status: StepStatus
    summary: Message | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EncounterView:
    """What a step may know of an encounter. Ids only; services answer the rest."""

    id: str
    organisation_id: str
    journey: str
    status: str
    person_id: str | None
    practitioner_role_id: str | None
    modality: str
    starts_at: datetime | None
    zone: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form. `kind`: text, date, email, tel, choice, checkbox, number. `known` prefills it."""

    name: str
    label: Message
    kind: str = "text"
    required: bool = True
    hint: Message | None = None
    choices: tuple[tuple[str, Message], ...] = ()
    known: str = ""
    autocomplete: str = "off"
    input_mode: str = "text"


@dataclass(frozen=True, slots=True)
class FormLink:
    """A path of ours to go to from a form, where the step is done on another page that leads back."""

    path: str
    label: Message


@dataclass(frozen=True, slots=True)
class FormSpec:
    """A small form: heading, one sentence why, fields. Field names bear the step's name as prefix.

    `links` stand in place of fields where the answer comes from elsewhere; `submit` says what is still open.
    """

    heading: Message
    fields: tuple[Field, ...]
    note: Message | None = None
    links: tuple[FormLink, ...] = ()


@dataclass(frozen=True, slots=True)
class FormErrors:
    """What is wrong, by field name; the form is shown again with what was typed."""

    by_field: Mapping[str, Message] = field(default_factory=dict)


@runtime_checkable
class ConductedStep(Protocol):
    """A step that asks somebody outside about answers that were kept, e.g. a payer's service: it may use the network."""

    def conduct(self, encounter_id: str) -> FormErrors | None:
        """Ask and keep what was answered; errors stand at their fields, and the form is shown again.

        Called outside any unit of work after every sending of the small forms, so it asks once for the same answers. Whoever is asked may
        be silent: that is an error in words, never an exception.
        """
        ...


class Step(Protocol):
    """A step: name `OWNER.verb`, registered once, listed by deployments."""

    @property
    def name(self) -> str:
        """`OWNER.verb`."""
        ...

    @property
    def title(self) -> Message:
        """Shown in the thread."""
        ...

    @property
    def phase(self) -> Phase:
        """The heading it stands under."""
        ...

    @property
    def who(self) -> Who:
        """Who does it."""
        ...

    @property
    def guards(self) -> frozenset[Command]:
        """Commands that wait until it is done."""
        ...

    @property
    def endpoint(self) -> str | None:
        """The page of a big step (its URL takes `encounter_id`); `None` for one with a form or none."""
        ...

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        """Status by encounter id; batch, since an agenda asks for forty at once. Inside a unit of work."""
        ...

    def form(self, view: EncounterView) -> FormSpec | None:
        """The step's small form, prefilled; `None` when it has a page of its own or nothing to ask."""
        ...

    def submit(self, view: EncounterView, values: Mapping[str, str]) -> FormErrors | None:
        """Keep the answers through core services; `None` when all is well. Inside a unit of work."""
        ...
