"""Demonstration: what a plugin adds so that the demo can be walked at once. Never used in production."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class DemoRole:
    """A seeded practitioner role with what the deployment's `demo.toml` says of it (`hours`, `reasons`…)."""

    id: str
    currency: str
    plan: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Companion:
    """A process that runs beside the demo: its name, its command, and an address that answers once it is up.

    `about` is the line that the start prints of it.
    """

    name: str
    command: tuple[str, ...]
    ready_url: str
    about: str = ""


class DemoPart(Protocol):
    """A plugin's share in the demo."""

    name: str

    def companions(self, app_url: str, data: str) -> Sequence[Companion]:
        """Processes to start, e.g. a strict local double. `app_url` is the pages' address on this machine, `data` a folder that outlives a restart."""
        ...

    def seed(self, roles: Sequence[DemoRole]) -> None:
        """Fill the plugin's own tables, in units of work of its own; run again it changes nothing."""
        ...
