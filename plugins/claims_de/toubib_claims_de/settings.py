"""Settings of the plugin."""

from pydantic import Field

from toubib.contracts.plugin import PluginSettings


class Settings(PluginSettings):
    """What an installation decides about German reimbursement."""

    confirmed_rules: frozenset[str] = Field(default=frozenset(), description="low-confidence rules that a person of this installation has verified")
    cases_per_quarter: int = Field(default=0, ge=0, description="all cases of a quarter by the practice's own software, where it sees more than here")
