"""The typed facade over plugins: the only caller of pluggy. Filled once at start, then plain dictionaries.

Two registrations of one name are an error that names both plugins.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import pluggy

from toubib.contracts.country import Country
from toubib.contracts.demo import DemoPart
from toubib.contracts.events import Observer
from toubib.contracts.guarantee import Guarantor
from toubib.contracts.identity import FactType, IdentityProvider
from toubib.contracts.jobs import Job
from toubib.contracts.journey import Step
from toubib.contracts.media import MediaBackend
from toubib.contracts.notification import Channel, NoticeTemplate
from toubib.contracts.payment import PaymentProvider
from toubib.contracts.prescription import Carrier, DrugDatabase
from toubib.contracts.privacy import PersonalData
from toubib.contracts.reimbursement import ReimbursementPack
from toubib.contracts.scheduling import Scheduler
from toubib.contracts.web import Entry, WebPart
from toubib.plugins import LoadedPlugin, PluginError, implementations


class Named(Protocol):
    """Anything that is registered by name."""

    @property
    def name(self) -> str:
        """The name by which it is chosen."""
        ...


T = TypeVar("T")


@dataclass(slots=True)
class Registry:
    """What the loaded plugins registered, by name, and which plugin each came from."""

    plugins: Mapping[str, LoadedPlugin]
    schedulers: dict[str, Scheduler] = field(default_factory=dict)
    media: dict[str, MediaBackend] = field(default_factory=dict)
    payments: dict[str, PaymentProvider] = field(default_factory=dict)
    carriers: dict[str, Carrier] = field(default_factory=dict)
    drugs: dict[str, DrugDatabase] = field(default_factory=dict)
    packs: dict[str, ReimbursementPack] = field(default_factory=dict)
    guarantors: dict[str, Guarantor] = field(default_factory=dict)
    countries: dict[str, Country] = field(default_factory=dict)
    fact_types: dict[str, FactType] = field(default_factory=dict)
    identity_providers: dict[str, IdentityProvider] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    observers: dict[str, Observer] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    notices: dict[str, NoticeTemplate] = field(default_factory=dict)
    personal_data: dict[str, PersonalData] = field(default_factory=dict)
    demo: dict[str, DemoPart] = field(default_factory=dict)
    web: dict[str, WebPart] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    owners: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, concern: str, target: dict[str, T], key: str, value: T, owner: str) -> None:
        """Register one object; raises `PluginError` on a conflict or a name without its owner's prefix."""
        if key in target:
            raise PluginError(f"{concern} {key!r} is registered by {self.owners[concern, key]!r} and by {owner!r}")
        target[key] = value
        self.owners[concern, key] = owner


def collect(manager: pluggy.PluginManager, plugins: Sequence[LoadedPlugin]) -> Registry:
    """Ask every plugin once, in listed order, for what it registers."""
    registry = Registry({p.info.name: p for p in plugins})
    for plugin in plugins:
        try:
            _collect_one(registry, manager, plugin)
        except PluginError:
            raise
        except Exception as error:
            raise PluginError(f"plugin {plugin.info.name!r} registers something that does not fit: {type(error).__name__}: {error}") from error
    return registry


def _collect_one(registry: Registry, manager: pluggy.PluginManager, plugin: LoadedPlugin) -> None:
    owner = plugin.info.name
    named: list[tuple[str, dict[str, Any], Callable[[Any], str], bool]] = [
        ("schedulers", registry.schedulers, _name, False),
        ("media", registry.media, _name, False),
        ("payments", registry.payments, _name, False),
        ("carriers", registry.carriers, _name, False),
        ("drug_databases", registry.drugs, _name, False),
        ("reimbursement", registry.packs, _name, False),
        ("guarantors", registry.guarantors, _name, False),
        ("countries", registry.countries, lambda c: str(c.code), False),
        ("fact_types", registry.fact_types, lambda f: str(f.key), True),
        ("identity_providers", registry.identity_providers, _name, True),
        ("steps", registry.steps, _name, True),
        ("jobs", registry.jobs, _name, True),
        ("observers", registry.observers, _name, True),
        ("channels", registry.channels, _name, False),
        ("notices", registry.notices, _name, True),
        ("personal_data", registry.personal_data, _name, False),
        ("demo", registry.demo, _name, False),
    ]
    for concern, target, key_of, prefixed in named:
        for item in _ask(manager, plugin, f"toubib_{concern}") or ():
            key = key_of(item)
            if prefixed:
                _owned(owner, concern, key)
            registry.add(concern, target, key, item, owner)
    part = _ask(manager, plugin, "toubib_web")
    if part is not None:
        registry.web[owner] = part
        for entry in part.entries:
            _owned(owner, "entries", entry.name)
            registry.add("entries", registry.entries, entry.name, entry, owner)


def _owned(owner: str, concern: str, key: str) -> None:
    if not key.startswith(f"{owner}."):
        raise PluginError(f"plugin {owner!r}: {concern} {key!r} must bear the plugin's name, as in '{owner}.{key}'")


def _name(item: Named) -> str:
    return item.name


def _ask(manager: pluggy.PluginManager, plugin: LoadedPlugin, hook: str) -> Any:
    for register in implementations(manager, hook, plugin.info.name):
        try:
            return register(plugin.settings)
        except Exception as error:
            raise PluginError(f"plugin {plugin.info.name!r} failed in {hook}: {type(error).__name__}: {error}") from error
    return None
