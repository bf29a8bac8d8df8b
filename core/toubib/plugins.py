"""Plugins: found by entry point, enabled by the ordered list of the deployment, checked before use.

An unlisted plugin is never imported. A listed one that cannot load stops the start and says why; `safe` starts
with the ones of this project only.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import pluggy

from toubib.contracts.plugin import PluginInfo, PluginSettings
from toubib.contracts.registry import CONTRACT_VERSION, PROJECT, Specs
from toubib.settings import Settings, SettingsError, validated

GROUP = "toubib"
OWN_AUTHOR = "Toubib"


class PluginError(Exception):
    """A plugin cannot be used; the text names it and says what to do."""


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin in use: what it says of itself, its settings, and where it came from."""

    info: PluginInfo
    settings: PluginSettings
    module: ModuleType
    source: str


def available() -> Mapping[str, EntryPoint]:
    """Installed plugins by name; two that claim one name are an error naming both."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name in found and found[point.name].value != point.value:
            raise PluginError(f"plugin {point.name!r} is offered by {_source(found[point.name])} and by {_source(point)}")
        found[point.name] = point
    return found


def _source(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def load(settings: Settings, *, safe: bool = False) -> tuple[pluggy.PluginManager, Sequence[LoadedPlugin]]:
    """Import, register and check every listed plugin, in order. Raises `PluginError`."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Specs)
    installed = available()
    loaded = []
    for name in settings.plugins:
        if safe and (name not in installed or not _own(installed[name])):
            continue
        if name not in installed:
            raise PluginError(
                f"plugin {name!r} is listed but not installed. Installed: {', '.join(sorted(installed)) or 'none'}. "
                f"Install it, or take it off the list `plugins`."
            )
        loaded.append(_load_one(manager, installed[name], settings))
    unused = set(settings.settings) - {p.info.name for p in loaded}
    if unused and not safe:
        raise SettingsError(f"settings are given for plugins that are not listed: {', '.join(sorted(unused))}")
    _check_hooks(manager)
    return manager, loaded


def _check_hooks(manager: pluggy.PluginManager) -> None:
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        name = manager.get_name(error.plugin) or "?"
        raise PluginError(f"plugin {name!r} implements a hook that the contract does not have: {error}") from error


def _own(point: EntryPoint) -> bool:
    return point.dist is not None and OWN_AUTHOR in (point.dist.metadata["Author"] or "")


def _load_one(manager: pluggy.PluginManager, point: EntryPoint, settings: Settings) -> LoadedPlugin:
    try:
        module = importlib.import_module(point.value)
    except (Exception, SystemExit) as error:
        raise PluginError(f"plugin {point.name!r} ({_source(point)}) cannot be imported: {type(error).__name__}: {error}") from error
    try:
        manager.register(module, name=point.name)
    except pluggy.PluginValidationError as error:
        raise PluginError(f"plugin {point.name!r} ({_source(point)}) does not fit the contract: {error}") from error
    info = _info(manager, point)
    own = validated(info.settings, settings.settings.get(point.name, {}), f"[settings.{point.name}]")
    return LoadedPlugin(info, own, module, _source(point))


def implementations(manager: pluggy.PluginManager, hook: str, plugin: str) -> list[Callable[..., Any]]:
    """What one plugin implements of a hook: at most one function."""
    caller = getattr(manager.hook, hook)
    return [impl.function for impl in caller.get_hookimpls() if impl.plugin_name == plugin]


def _info(manager: pluggy.PluginManager, point: EntryPoint) -> PluginInfo:
    describe = implementations(manager, "toubib_info", point.name)
    if not describe:
        raise PluginError(f"plugin {point.name!r} ({_source(point)}) does not implement toubib_info")
    try:
        info = describe[0]()
    except Exception as error:
        raise PluginError(f"plugin {point.name!r} ({_source(point)}) failed in toubib_info: {type(error).__name__}: {error}") from error
    if not isinstance(info, PluginInfo):
        raise PluginError(f"plugin {point.name!r} ({_source(point)}) answers toubib_info with a {type(info).__name__}, not a PluginInfo")
    if info.name != point.name:
        raise PluginError(f"plugin {point.name!r} ({_source(point)}) calls itself {info.name!r}: both must be the same")
    if info.contract != CONTRACT_VERSION:
        raise PluginError(
            f"plugin {info.name!r} {info.version} is written for contract {info.contract}; this is contract {CONTRACT_VERSION}. "
            "Install a version that fits."
        )
    return info
