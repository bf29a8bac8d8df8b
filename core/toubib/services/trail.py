"""The audit trail for what a plugin does of its own. What the core's services do, they write there themselves."""

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Message, Ref


class UndeclaredAct(Exception):
    """A plugin wrote an act, or named a kind of thing, that its `PluginInfo.acts` has no words for."""


def wrote(action: str, about: Ref, *, organisation_id: str = "", person_id: str = "", reason: str = "") -> None:
    """Record, in the open unit of work, that the acting one did `action` to `about`, concerning `person_id` if anybody.

    `action` and the kind of `about` bear the plugin's name and are declared in its `PluginInfo.acts`; else `UndeclaredAct`.
    `reason` is read by administrators and by the person concerned: never health data.
    """
    for name in (action, about.kind):
        if words(name) is None:
            raise UndeclaredAct(name)
    trail.wrote(action, about, organisation_id=organisation_id, person_id=person_id, reason=reason)


def words(name: str) -> Message | None:
    """What a plugin calls its action or kind of thing; `None` when no loaded plugin declares it."""
    loaded = runtime.current().registry.plugins.get(name.partition(".")[0])
    return loaded.info.acts.get(name) if loaded else None
