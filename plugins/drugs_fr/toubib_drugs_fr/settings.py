"""Settings of the drug database: none so far; what is loaded comes by command."""

from toubib.contracts.plugin import PluginSettings


class DrugSettings(PluginSettings):
    """Nothing to decide."""
