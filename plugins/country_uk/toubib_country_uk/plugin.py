"""Entry point `country_uk`: registers the United Kingdom."""

from collections.abc import Sequence

from toubib.contracts.country import Country
from toubib.contracts.plugin import PluginInfo, PluginSettings
from toubib.contracts.registry import CONTRACT_VERSION, hookimpl
from toubib_country_uk.country import UnitedKingdom
from toubib_country_uk.messages import msg

VERSION = "0.1.0"


@hookimpl
def toubib_info() -> PluginInfo:
    """The plugin's identity card: no tables, no hosts, no settings."""
    return PluginInfo(
        name="country_uk",
        version=VERSION,
        contract=CONTRACT_VERSION,
        title=msg("United Kingdom"),
        description=msg("Numbers and their checks, emergency numbers, prescription mentions, holidays, professions and some places of the United Kingdom."),
    )


@hookimpl
def toubib_countries(settings: PluginSettings) -> Sequence[Country]:  # noqa: ARG001  the hook's signature
    """The United Kingdom."""
    return [UnitedKingdom()]
