"""Settings of the carrier."""

from toubib.contracts.plugin import PluginSettings


class CarrierSettings(PluginSettings):
    """What the operator decides about the sealed PDF."""

    operator: str = "Toubib"
    """Who runs the installation: the name in the seal's certificate. It is read when the first document is sealed."""
