"""Web: what a plugin adds to the pages. Data for core templates, never raw HTML in core pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import click
from flask import Blueprint

from toubib.contracts.common import Message
from toubib.contracts.identity import Actor


@dataclass(frozen=True, slots=True)
class Permission:
    """An action that can be allowed: `encounter.read`, `PLUGIN.verb`.

    `about` names what it acts on (`encounter`, `practitioner_role`, `person`, `organisation`, `document`, `site`).
    A plugin's permission is granted as the core's permission `like` is; the core decides who that is. Or it names `roles`: whoever
    holds one of them, with a fresh second factor, in the organisation it is about (in any, when it is about the site).
    """

    name: str
    about: str
    description: str
    like: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlotItem:
    """One line in a named slot of a core page: text, optional link and tone (`info`, `done`, `attention`, `stop`)."""

    text: Message
    url: str = ""
    tone: str = "info"


class SlotFiller(Protocol):
    """Gives the items of one slot for several encounters or roles at once."""

    slot: str

    def items(self, ids: Sequence[str]) -> Mapping[str, Sequence[SlotItem]]:
        """Items by id; an id without items may be absent. Inside a unit of work."""
        ...


PAGE_SLOTS: Mapping[str, str] = {
    "encounter.side": "Beside the encounter, for patient and practitioner; ids are encounters.",
    "worklist.badges": "Words in a row of the worklist; ids are encounters.",
    "profile.facts": "Facts on a practitioner's public page; ids are practitioner roles.",
}

SocketHandler: TypeAlias = Callable[[Any, Actor, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class SocketMessage:
    """A message type that a browser may send over a plugin's socket, with the permission it needs."""

    type: str
    permission: str


@dataclass(frozen=True, slots=True)
class PublicRoute:
    """A route open to everybody, with the reason; the reviewed list of them is printed in the docs."""

    endpoint: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A front door: a page that a deployment may put into its navigation, or make its first page, by `name` (`PLUGIN.verb`).

    `audience`: `everybody`, `patient` (signed in without a role), `practitioner` or `staff` (anybody with a role).
    """

    name: str
    title: Message
    endpoint: str
    audience: str = "everybody"


@dataclass(frozen=True, slots=True)
class WebPart:
    """Everything a plugin adds to the web. Its blueprint is named like the plugin and mounted at `/NAME/`.

    `request_page` is the endpoint of the page on which a request that the plugin drafted lives after the booking screens (its
    URL takes `encounter_id`), `request_start` that of the page where another may be begun.
    """

    blueprint: Blueprint | None = None
    api: Blueprint | None = None
    permissions: tuple[Permission, ...] = ()
    public: tuple[PublicRoute, ...] = ()
    sockets: tuple[SocketMessage, ...] = ()
    slots: tuple[SlotFiller, ...] = ()
    commands: tuple[click.Command, ...] = ()
    csp_hosts: tuple[str, ...] = field(default=())
    entries: tuple[Entry, ...] = ()
    request_page: str = ""
    request_start: str = ""
