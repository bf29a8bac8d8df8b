"""Which identity providers there are, what of them is believed, and what their claims mean here."""

from collections.abc import Sequence
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from toubib.contracts.plugin import OutsideHost, PluginSettings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
STAND_IN = "python -m toubib_auth_oidc.double"


class RoleRule(BaseModel):
    """One line of the mapping: whoever has `value` in the roles claim has this role in this organisation (its slug)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: str
    role: Literal["practitioner", "secretary", "reviewer", "administrator"]
    organisation: str
    agendas: bool = False


class Person(BaseModel):
    """Somebody invented whom the demonstration provider knows. `claims` are stated as they stand."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    provider: str
    subject: str
    name: str
    claims: dict[str, str | bool | list[str]] = {}
    factors: tuple[str, ...] = ("pwd", "otp")


class Provider(BaseModel):
    """`[settings.auth_oidc.providers.KEY]`: one house. The README explains each key."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: dict[str, str] = Field(min_length=1)
    issuer: str
    client_id: str
    client_secret: SecretStr | None = None
    token_auth: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"  # noqa: S105  the name of a method
    audience: Literal["patients", "staff"]
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    hosts: tuple[str, ...] = ()
    algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"], ...] = ("RS256", "PS256", "ES256")
    userinfo: bool = True
    claims: dict[str, str] = {}
    facts: dict[str, str] = {}
    trust_email: bool = False
    roles_claim: str = "groups"
    roles: tuple[RoleRule, ...] = ()
    number_claim: str = ""
    acr_values: tuple[str, ...] = ()
    second_factor_acr: tuple[str, ...] = ()
    second_factor_amr: tuple[str, ...] = ()
    verifies: bool = False
    verified_acr: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    demonstration: bool = False

    @field_validator("issuer")
    @classmethod
    def _safe(cls, value: str) -> str:
        address = urlsplit(value)
        local = address.scheme == "http" and address.hostname in LOOPBACK
        if not (local or (address.scheme == "https" and address.hostname)) or address.query or address.fragment:
            raise ValueError("an issuer is an https:// address without query (http:// on this machine only)")
        return value

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.audience == "patients" and self.roles:
            raise ValueError("a provider of patients gives no roles")
        if self.audience == "staff" and not self.roles:
            raise ValueError("a provider of staff gives roles: map at least one")
        if self.countries and not self.verifies:
            raise ValueError("countries are those whose patients prove their identity here: verifies must be true")
        if self.facts and not self.verifies:
            raise ValueError("facts are kept as verified: verifies must be true")
        if "openid" not in self.scopes:
            raise ValueError("the scopes must hold openid")
        return self


def _plain(issuer: str) -> bool:
    return urlsplit(issuer).scheme == "http"


class Settings(PluginSettings):
    """Settings of `[settings.auth_oidc]`. Without providers the plugin offers nothing."""

    providers: dict[str, Provider] = Field(default_factory=dict)
    people: tuple[Person, ...] = ()

    @field_validator("providers")
    @classmethod
    def _keys(cls, value: dict[str, Provider]) -> dict[str, Provider]:
        if not all(key.isidentifier() and key.islower() for key in value):
            raise ValueError("a provider's key is one lower-case word: it stands in addresses and is kept with every identity")
        if len({provider.issuer for provider in value.values()}) != len(value):
            raise ValueError("two providers have the same issuer")
        return value

    def unsafe(self) -> Sequence[str]:
        """Whoever opens a demonstration provider may choose to be anybody; and nobody's browser but the operator's reaches this machine."""
        invented = [f"providers.{key}.demonstration is true: anybody could choose whom to be" for key, p in self.providers.items() if p.demonstration]
        local = [f"providers.{key}.issuer stands on this machine, without https" for key, p in self.providers.items() if _plain(p.issuer)]
        return [*invented, *local, *(["people names invented people, whom only a demonstration provider knows"] if self.people else [])]

    @property
    def hosts(self) -> tuple[OutsideHost, ...]:
        """The hosts of every provider; the network client refuses any other."""
        return tuple(
            OutsideHost(host, "asks an identity provider", stand_in=STAND_IN, reached=host in LOOPBACK)
            for provider in self.providers.values()
            for host in (str(urlsplit(provider.issuer).hostname), *provider.hosts)
        )
