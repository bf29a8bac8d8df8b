"""Who somebody is: facts about persons, and the actor of whatever happens.

A plugin adds no column to core tables. It declares fact types; the core stores dated facts with their
source and verifier, encrypts the sensitive ones, and asks the person for each once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from toubib.contracts.common import Message

FactValue: TypeAlias = str


class Sensitivity(StrEnum):
    """How a fact is kept: `plain` as typed, `personal` and `health` encrypted at rest."""

    PLAIN = "plain"
    PERSONAL = "personal"
    HEALTH = "health"


class Verification(StrEnum):
    """How sure we are: declared by the person, checked by computation, verified by somebody or something."""

    DECLARED = "declared"
    CHECKED = "checked"
    VERIFIED = "verified"
    TEST = "test"


class IdentityLevel(StrEnum):
    """How well a person is known: by mail only, with declared traits, or seen by a practitioner."""

    MAIL = "mail"
    TRAITS = "traits"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class FactType:
    """A kind of fact: `PLUGIN.key`, asked for once per person.

    - `normalise(text)`: the stored form, or `ContractError` whose message names the failed check. Pure.
    - `choices`: when not empty, the allowed values with their labels.
    - `purpose`: shown beside the field; why we ask.
    - `lookup`: stored with a blind index, so that equal values can be found although encrypted.
    - `retention_days`: how long after it stops being valid; `None` follows the record.
    """

    key: str
    label: Message
    purpose: Message
    sensitivity: Sensitivity
    normalise: Callable[[str], FactValue]
    hint: Message | None = None
    choices: tuple[tuple[str, Message], ...] = ()
    input_mode: str = "text"
    autocomplete: str = "off"
    lookup: bool = False
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One dated fact about a person, as read by those who may."""

    key: str
    value: FactValue
    valid_from: datetime
    valid_to: datetime | None
    source: str
    verification: Verification


class ActorKind(StrEnum):
    """Who can act: a person with a session, a holder of a link, a pharmacist's code, or the machine."""

    ANONYMOUS = "anonymous"
    USER = "user"
    GUEST = "guest"
    PHARMACIST = "pharmacist"
    JOB = "job"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Role:
    """What a user is in an organisation: `practitioner`, `secretary`, `reviewer`, `administrator`, or a role that a plugin's permissions name."""

    name: str
    organisation_id: str
    practitioner_role_id: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, for permission and audit alike.

    `id` is the account, link, code or job that acts; `person_id` the human behind it, if known;
    `acting_for` another person by delegation; `strong` whether a second factor is fresh;
    `draft_key` the visitor's own unfinished booking; `encounter_id` the only visit that a guest's link opens.
    """

    kind: ActorKind
    id: str = ""
    person_id: str | None = None
    roles: tuple[Role, ...] = field(default=())
    acting_for: str | None = None
    strong: bool = False
    session_id: str | None = None
    draft_key: str | None = None
    encounter_id: str | None = None

    def organisations(self, role: str) -> tuple[str, ...]:
        """Ids of the organisations in which the actor holds `role`."""
        return tuple(r.organisation_id for r in self.roles if r.name == role)

    @property
    def practitioner_roles(self) -> tuple[str, ...]:
        """Ids of the actor's own practitioner roles."""
        return tuple(r.practitioner_role_id for r in self.roles if r.practitioner_role_id)


ANONYMOUS = Actor(ActorKind.ANONYMOUS)
SYSTEM = Actor(ActorKind.SYSTEM, "system")
