"""The plugin's settings, under `[settings.sponsor]`: what each sponsor pays, for whom, for what."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from toubib.contracts.plugin import OutsideHost, PluginSettings

LOOPBACK = "127.0.0.1"


class Plan(BaseModel):
    """What one sponsor pays; the README's table explains each key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z][a-z0-9_-]{1,30}$")
    name: str
    organisation: str
    prefix: str = Field(pattern=r"^[A-Z0-9]{2,12}-$")
    entitlement: Literal["list", "service"] = "list"
    service_url: str = ""
    service_token: SecretStr | None = None
    basis: Literal["gross", "rest"] = "gross"
    permille: int = Field(default=1000, ge=1, le=1000)
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    at_most_minor: int = Field(default=0, ge=0)
    visits_per_year: int = Field(default=0, ge=0)
    minor_per_year: int = Field(default=0, ge=0)
    journeys: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _answers(self) -> "Plan":
        host = urlsplit(self.service_url)
        if self.entitlement == "service" and not (host.hostname and (host.scheme == "https" or host.hostname == LOOPBACK)):
            raise ValueError("a plan that asks a service needs its service_url, by https")
        return self

    def covers(self, *, journey: str, modality: str, specialty: str, on: date) -> str:
        """Why a consultation is not covered, as a key of `texts.REASONS`; "" when it is. Empty lists exclude nothing."""
        kinds = ((self.journeys, journey), (self.modalities, modality), (self.specialties, specialty))
        if any(allowed and found not in allowed for allowed, found in kinds):
            return "kind"
        early = self.valid_from is not None and on < self.valid_from
        late = self.valid_to is not None and on > self.valid_to
        return "period" if early or late else ""


class SponsorSettings(PluginSettings):
    """Settings of `[settings.sponsor]`."""

    plans: tuple[Plan, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> "SponsorSettings":
        for values in ([p.key for p in self.plans], [p.prefix for p in self.plans]):
            twice = [value for value, count in Counter(values).items() if count > 1]
            if twice:
                raise ValueError(f"two plans share {twice[0]!r}")
        return self

    def unsafe(self) -> Sequence[str]:
        """A service on this machine that is asked without encryption is the double, which knows invented codes."""
        asked = [p for p in self.plans if p.entitlement == "service" and urlsplit(p.service_url).scheme != "https"]
        return [f"plans: the service_url of {p.key!r} is not https, as only that of the double may be" for p in asked]

    @property
    def hosts(self) -> Sequence[OutsideHost]:
        """The services of plans that ask one."""
        asked = [p for p in self.plans if p.entitlement == "service"]
        return [OutsideHost(urlsplit(p.service_url).hostname or "", f"says whether a code of {p.name} is entitled", "toubib_sponsor.double") for p in asked]

    def plan(self, key: str) -> Plan | None:
        """A plan by its key."""
        return next((p for p in self.plans if p.key == key), None)

    def plan_of(self, code: str) -> Plan | None:
        """The plan whose codes begin like this one."""
        return next((p for p in self.plans if code.startswith(p.prefix)), None)
