"""From claims to what the core understands. A claim is text of somebody else: of the right kind, short, and believed only as far as the settings say."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from toubib.contracts.common import ContractError
from toubib.contracts.identity import GrantedRole, IdentityLevel, ProvedTraits, Vouched
from toubib.services.login import normalise_email
from toubib_auth_oidc.settings import Provider

LONGEST = 120
SEXES = {"female": "female", "male": "male"}


def vouched(provider: Provider, claims: Mapping[str, Any], *, renewable: bool) -> Vouched:
    """What a provider's verified claims say of somebody."""
    traits = _traits(provider, claims)
    return Vouched(
        provider.issuer,
        str(claims["sub"]),
        email=_email(provider, claims),
        traits=traits,
        level=_level(provider, claims, traits),
        roles=_roles(provider, claims),
        number=_text(claims, provider.number_claim) if provider.number_claim else "",
        facts=tuple((key, said) for key, claim in provider.facts.items() if (said := _text(claims, claim))),
        second_factor=_second_factor(provider, claims),
        renewable=renewable,
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name)
    text = " ".join(found.split()) if isinstance(found, str) else ""
    return text if text.isprintable() and len(text) <= LONGEST else ""


def _traits(provider: Provider, claims: Mapping[str, Any]) -> ProvedTraits:
    def said(name: str) -> str:
        return _text(claims, provider.claims.get(name, name))

    try:
        born = date.fromisoformat(said("birthdate"))
    except ValueError:
        born = None
    return ProvedTraits(said("family_name"), said("given_name"), born, SEXES.get(said("gender"), ""), said("phone_number"))


def _email(provider: Provider, claims: Mapping[str, Any]) -> str:
    """The address, when the provider or the operator vouches for it."""
    if claims.get("email_verified") is not True and not provider.trust_email:
        return ""
    try:
        return normalise_email(_text(claims, provider.claims.get("email", "email")))
    except ContractError:
        return ""


def _level(provider: Provider, claims: Mapping[str, Any], traits: ProvedTraits) -> IdentityLevel:
    """Verified only by a provider that the operator trusts with it, at a level it trusts, and with all that tells people apart."""
    trusted = provider.verifies and (not provider.verified_acr or claims.get("acr") in provider.verified_acr)
    whole = traits.family_name and traits.given_names and traits.birth_date
    return IdentityLevel.VERIFIED if trusted and whole else IdentityLevel.MAIL


def _roles(provider: Provider, claims: Mapping[str, Any]) -> tuple[GrantedRole, ...]:
    """The operator's mapping is the only way to a role; whatever else a claim says of roles or organisations is not read."""
    found = claims.get(provider.roles_claim)
    values = {found} if isinstance(found, str) else {v for v in found if isinstance(v, str)} if isinstance(found, list) else set()
    return tuple(GrantedRole(r.role, r.organisation, r.agendas) for r in provider.roles if r.value in values)


def _second_factor(provider: Provider, claims: Mapping[str, Any]) -> bool:
    methods = claims.get("amr")
    shown = {m for m in methods if isinstance(m, str)} if isinstance(methods, list) else set()
    acr = claims.get("acr")
    return bool(shown & set(provider.second_factor_amr)) or (isinstance(acr, str) and acr in provider.second_factor_acr)
