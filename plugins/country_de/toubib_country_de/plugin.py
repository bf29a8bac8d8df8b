"""Entry point `country_de`: registers Germany."""

from collections.abc import Sequence

from toubib.contracts.country import Country
from toubib.contracts.plugin import PluginInfo, PluginSettings
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib_country_de.country import Germany
from toubib_country_de.messages import msg

VERSION = "0.1.0"


@hookimpl
def toubib_info() -> PluginInfo:
    """The plugin's identity card: no tables, no hosts, no settings."""
    return PluginInfo(
        name="country_de",
        version=VERSION,
        contract=CONTRACT_VERSION,
        title=msg("Germany"),
        description=msg("Numbers and their checks, emergency numbers, prescription mentions, holidays, professions and some places of Germany."),
    )


@hookimpl
def toubib_countries(settings: PluginSettings) -> Sequence[Country]:  # noqa: ARG001  the hook's signature
    """Germany."""
    return [Germany()]
