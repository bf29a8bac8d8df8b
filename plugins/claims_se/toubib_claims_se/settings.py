"""Settings of the plugin."""

from pydantic import Field, field_validator

from toubib.contracts.plugin import PluginSettings
from toubib_claims_se.regions import REGIONS


class Settings(PluginSettings):
    """What an installation knows of its contract with a region."""

    region: str = Field(default="", description="code of the region with which the provider has a contract, as in `01`; without one nothing is reimbursed")
    patient_fee_minor: int | None = Field(default=None, ge=0, description="that region's fee for a digital visit, in öre; unknown: estimates wait")
    free_below_age: int = Field(default=0, ge=0, description="below this age nobody pays that fee")
    confirmed_rules: frozenset[str] = Field(default=frozenset(), description="low-confidence rules that a person of this installation has verified")

    @field_validator("region")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and value not in REGIONS:
            raise ValueError(f"a region's code is one of {', '.join(REGIONS)}")
        return value
