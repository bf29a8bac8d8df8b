"""Settings of the plugin."""

from pydantic import Field

from toubib.contracts.plugin import PluginSettings
from toubib_claims_fr.profile import OutPolicy


class Settings(PluginSettings):
    """What an installation decides about French reimbursement."""

    out_of_pathway: OutPolicy = Field(default=OutPolicy.MINUS_40, description="what a visit outside the care pathway gets")
    confirmed_rules: frozenset[str] = Field(default=frozenset(), description="low-confidence rules that a person of this installation has verified")
