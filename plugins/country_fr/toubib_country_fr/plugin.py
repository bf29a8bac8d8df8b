"""Entry point `country_fr`: registers France."""

from collections.abc import Sequence

from toubib.contracts.country import Country
from toubib.contracts.plugin import PluginInfo, PluginSettings
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib_country_fr.country import France
from toubib_country_fr.messages import msg

VERSION = "0.1.0"


@hookimpl
def toubib_info() -> PluginInfo:
    """The plugin's identity card: no tables, no hosts, no settings."""
    return PluginInfo(
        name="country_fr",
        version=VERSION,
        contract=CONTRACT_VERSION,
        title=msg("France"),
        description=msg("Numbers and their checks, emergency numbers, prescription rules, holidays, professions and places of France."),
    )


@hookimpl
def toubib_countries(settings: PluginSettings) -> Sequence[Country]:  # noqa: ARG001  the hook's signature
    """France."""
    return [France()]
