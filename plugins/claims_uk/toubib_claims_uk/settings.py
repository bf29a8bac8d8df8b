"""Settings of the plugin."""

from toubib.contracts.plugin import PluginSettings


class Settings(PluginSettings):
    """There are none: whether a practice works for the NHS stands with its practitioners (attribute `nhs`)."""
