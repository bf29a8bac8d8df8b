"""What every plugin says about itself, read before anything of it is used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from toubib.contracts.common import Message


class PluginSettings(BaseModel):
    """Base of a plugin's settings: typed, frozen, unknown keys refused.

    They stand in the deployment's TOML under `[settings.NAME]`, or in the environment as
    `TOUBIB__SETTINGS__NAME__KEY`. A secret is a `pydantic.SecretStr`, written as `{env = "VAR"}` or `{file = "PATH"}`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def hosts(self) -> "Sequence[OutsideHost]":
        """The hosts that the plugin calls because these settings name them, beside those of its `PluginInfo`. None by default."""
        return ()

    def unsafe(self) -> Sequence[str]:
        """What in these settings has no place in production: English sentences for the operator, each naming its key. Nothing by default.

        Asked at every start of a production; one answer is enough to refuse it. Settings that lead to a stand-in (a double of a
        payment service, invented people) must answer, so that nobody serves patients with them by mistake.
        """
        return ()


@dataclass(frozen=True, slots=True)
class OutsideHost:
    """A host that the plugin may call; the network client refuses every other.

    `stand_in` names the strict local double that serves in demo and tests, and `reached` says whether
    the real service was ever reached by the project's tests (printed in the README's table). `purpose` and
    `stand_in` are English msgids; an administrator reads them in their language.
    """

    host: str
    purpose: str
    stand_in: str = ""
    reached: bool = False


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """Identity card of a plugin, checked at start.

    - `name` equals the entry point; all that the plugin owns bears it.
    - `contract` is the contract version it was written for.
    - `title` and `description` are read by operators, in `toubib plugin list`.
    - `settings` is the class of its settings; an instance is given to every hook that asks for `settings`.
    - `hosts` are the hosts that it calls whatever its settings; those that a deployment names are its settings' `hosts`.
    - `migrations` is a package path with Alembic versions, or empty when it has no tables.
    - `stores` names its tables, each called `NAME_something`.
    - `acts` gives words to what the plugin writes into the audit trail, by action or kind of thing, each called `NAME.word`.
    """

    name: str
    version: str
    contract: int
    title: Message
    description: Message
    settings: type[PluginSettings] = PluginSettings
    hosts: tuple[OutsideHost, ...] = ()
    migrations: str = ""
    stores: tuple[str, ...] = ()
    acts: Mapping[str, Message] = field(default_factory=dict)
