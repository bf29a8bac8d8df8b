"""Who somebody is: facts about persons, who vouches for them, and the actor of whatever happens.

A plugin adds no column to core tables. It declares fact types; the core stores dated facts with their
source and verifier, encrypts the sensitive ones, and asks the person for each once.

An identity provider (a hospital's single sign-on, a national identity service) answers for persons. Its plugin speaks
the protocol and reports what was said, checked and mapped by the operator's settings; the core keeps the identity
(issuer and subject, never the mail address), decides whose account it opens, and ends what is not answered for again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from toubib.contracts.common import Localised, Message

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
    """How well a person is known: by mail only, with declared traits, proved at an identity service, or seen by a practitioner."""

    MAIL = "mail"
    TRAITS = "traits"
    VERIFIED = "verified"
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


class Audience(StrEnum):
    """Whom an identity provider knows: patients (a national identity service) or staff (single sign-on)."""

    PATIENTS = "patients"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class ProvedTraits:
    """Identity traits as a provider states them, in the core's words (`sex`: female, male, unknown); "" or `None` when it did not."""

    family_name: str = ""
    given_names: str = ""
    birth_date: date | None = None
    sex: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class GrantedRole:
    """A role that the provider's house gives somebody: `practitioner`, `secretary`, `reviewer` or `administrator` of an organisation, by its slug.

    A practitioner must stand in the organisation's directory under `Vouched.number`. `agendas`: may run all agendas there.
    """

    name: str
    organisation: str
    agendas: bool = False


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a provider says of somebody now, after its plugin verified it and applied the operator's mapping.

    - `issuer` and `subject` are who it is: a subject is never given to another person. Nothing else identifies.
    - `email` only when the provider vouches that it is theirs; else "".
    - `level` is `VERIFIED` when the operator trusts this answer to prove identity, else `MAIL`.
    - `number` is the professional registry number, for practitioners.
    - `facts` are values of fact types (a national number), by key; kept as verified at that level only, and only when they pass their check.
    - `second_factor`: two factors were shown, by a claim that the operator's settings trust.
    - `renewable`: the provider can be asked again. Without it no role is given.
    """

    issuer: str
    subject: str
    email: str = ""
    traits: ProvedTraits = field(default_factory=ProvedTraits)
    level: IdentityLevel = IdentityLevel.MAIL
    roles: tuple[GrantedRole, ...] = ()
    number: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    second_factor: bool = False
    renewable: bool = False


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where to sign out at the provider too: the address to post a form to, its hidden fields."""

    url: str
    fields: tuple[tuple[str, str], ...] = ()


class ProviderSilent(Exception):
    """The identity provider does not answer; nothing is known about what it would say."""


class IdentityProvider(Protocol):
    """A house that answers for persons. One object for each that the operator configured.

    `path` is a page of the plugin, public, where signing in begins; the core's links add `next`, a path of ours to return to.
    The plugin's pages end in `toubib.services.external.sign_in_with` and `toubib.web.enter`.
    """

    @property
    def name(self) -> str:
        """`PLUGIN.key`, kept with every identity: it must not be renamed."""
        ...

    @property
    def title(self) -> Localised:
        """The house's name, as on the button."""
        ...

    @property
    def note(self) -> Message | None:
        """A sentence under the button, e.g. that this is a demonstration."""
        ...

    @property
    def audience(self) -> Audience:
        """Whom it knows."""
        ...

    @property
    def path(self) -> str:
        """Where signing in begins, e.g. `/PLUGIN/sign-in/KEY`."""
        ...

    @property
    def countries(self) -> frozenset[str]:
        """Countries (ISO 3166-1 alpha-2) whose patients can prove their identity here; empty for staff."""
        ...

    @property
    def organisations(self) -> frozenset[str]:
        """Slugs of the organisations in which it may give roles; the core drops a role anywhere else."""
        ...

    def look_again(self, session_id: str) -> Vouched | None:
        """What the provider says now of who opened this session; `None` when it no longer answers for them.

        Called about twice a minute for each session with roles, outside any unit of work. Raises `ProviderSilent`.
        """
        ...

    def leaving(self, session_id: str) -> Leaving | None:
        """How to sign out at the provider as well; `None` when it has no way. Outside any unit of work, no network."""
        ...


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
    `draft_key` the visitor's own unfinished booking; `encounter_id` the only visit that a guest's link opens;
    `external_id` the external identity that opened the session, on which its roles rest.
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
    external_id: str | None = None

    def organisations(self, role: str) -> tuple[str, ...]:
        """Ids of the organisations in which the actor holds `role`."""
        return tuple(r.organisation_id for r in self.roles if r.name == role)

    @property
    def practitioner_roles(self) -> tuple[str, ...]:
        """Ids of the actor's own practitioner roles."""
        return tuple(r.practitioner_role_id for r in self.roles if r.practitioner_role_id)


ANONYMOUS = Actor(ActorKind.ANONYMOUS)
SYSTEM = Actor(ActorKind.SYSTEM, "system")
