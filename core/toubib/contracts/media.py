"""Media: seeing and hearing each other. A backend is a pane in the page and a stream of facts.

Waiting room, presence, admission, chat and notes are the core's; a backend can vanish in the middle of a
consultation without taking them along.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from toubib.contracts.common import Message


class JoinPurpose(StrEnum):
    """`call` with the others, or `test` of one's own devices and network before."""

    CALL = "call"
    TEST = "test"


class ParticipantRole(StrEnum):
    """Whose seat it is."""

    PATIENT = "patient"
    PRACTITIONER = "practitioner"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a session. `id` is opaque and stable over reloads."""

    id: str
    role: ParticipantRole
    display_name: str


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """What is asked of a backend for one encounter."""

    session_id: str
    encounter_id: str
    max_participants: int = 2
    record_allowed: bool = False


@dataclass(frozen=True, slots=True)
class JoinPane:
    """What the page needs to join: a template of the backend, a module URL and its configuration (JSON-ready).

    `config` may hold a single-use token; it is rendered into a `data-config` attribute and never into a URL.
    """

    template: str
    module: str
    config: dict[str, Any]
    socket_path: str = ""


@dataclass(frozen=True, slots=True)
class MediaCapabilities:
    """What a backend can do."""

    modalities: frozenset[str]
    max_participants: int
    end_to_end: bool
    needs_server: bool = False
    records: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the backend works now; `message` says what is wrong and what to do."""

    ok: bool
    message: Message | None = None


class MediaBackend(Protocol):
    """A way to see or hear each other."""

    name: str
    title: Message
    capabilities: MediaCapabilities

    def open(self, spec: SessionSpec) -> None:
        """Prepare a session; called again for the same session it changes nothing. Inside a unit of work."""
        ...

    def join(self, session_id: str, participant: Participant, purpose: JoinPurpose) -> JoinPane:
        """A pane for one participant, after the core checked the permission. Inside a unit of work."""
        ...

    def close(self, session_id: str) -> None:
        """End the session for everybody; closing a closed one is no error. Inside a unit of work."""
        ...

    def health(self) -> Health:
        """Asked by the administrator's page; answers within a second."""
        ...
