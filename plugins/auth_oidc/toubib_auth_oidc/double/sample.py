"""Two sample houses for tests: a hospital's single sign-on and a national identity service, with the settings that speak to them."""

from collections.abc import Mapping
from typing import Any

PUBLIC_URL = "http://localhost:8000"
SECRET = "the demonstration's own, known to everybody"  # noqa: S105  it protects nobody
DOCTOR, NURSE, CLERK, VISITOR = "h-doctor", "h-nurse", "h-clerk", "h-visitor"
JEANNE, MALIK = "n-jeanne", "n-malik"
NUMBER = "99700218896"
TITLES = {
    "hospital": {"fr": "Hôpital de démonstration", "en": "Demonstration hospital"},
    "national": {"fr": "Identité nationale", "en": "National identity"},
}


def _person(subject: str, name: str, factors: tuple[str, ...] = ("pwd", "otp"), **claims: Any) -> dict[str, Any]:
    return {"subject": subject, "name": name, "claims": claims, "factors": list(factors)}


def _citizen(subject: str, given: str, family: str, **claims: Any) -> dict[str, Any]:
    address = f"{given}.{family}@exemple.test".lower()
    stated = {"given_name": given, "family_name": family, "email": address, "email_verified": True, "acr": "high", **claims}
    return _person(subject, f"{given} {family}", **stated)


HOSPITAL = (
    _person(DOCTOR, "Dr Camille Lemaire", groups=["doctors", "everybody"], rpps=NUMBER, email="c.lemaire@hopital.test", email_verified=True),
    _person(NURSE, "Inès Moreau", ("pwd",), groups=["nurses"], rpps="10000005479"),
    _person(CLERK, "Paul Registre", groups=["clerks"], given_name="Paul", family_name="Registre", email="p.registre@hopital.test", email_verified=True),
    _person(VISITOR, "Sans Rôle", groups=["everybody"]),
)
NATIONAL = (
    _citizen(JEANNE, "Jeanne", "Testard", birthdate="1980-06-15", gender="female"),
    _citizen(MALIK, "Malik", "Exemplaire", birthdate="1992-11-02", gender="male"),
)


def houses(public_url: str = PUBLIC_URL) -> dict[str, Any]:
    """What the demonstration provider is started with."""
    people = {"hospital": HOSPITAL, "national": NATIONAL}
    return {
        key: {
            "title": TITLES[key],
            "client_id": f"toubib-{key}",
            "client_secret": SECRET,
            "redirect_uris": [f"{public_url}/auth_oidc/callback/{key}"],
            "after_sign_out": [f"{public_url}/"],
            "people": list(people[key]),
        }
        for key in people
    }


def settings(base: str, organisation: str = "praxis", **national: Any) -> Mapping[str, Any]:
    """Settings of the plugin that speak to these houses; `national` changes keys of the identity service."""
    practitioner, clerk = {"role": "practitioner"}, {"role": "secretary", "agendas": True}
    roles: dict[str, dict[str, Any]] = {"doctors": {**practitioner}, "nurses": {**practitioner}, "clerks": clerk}
    hospital = {
        "title": TITLES["hospital"],
        "issuer": f"{base}/hospital",
        "client_id": "toubib-hospital",
        "client_secret": SECRET,
        "audience": "staff",
        "scopes": ["openid", "profile", "email", "groups", "offline_access"],
        "roles": [{"value": value, "organisation": organisation, **rule} for value, rule in roles.items()],
        "number_claim": "rpps",
        "second_factor_amr": ["otp"],
        "demonstration": True,
    }
    service = {
        "title": TITLES["national"],
        "issuer": f"{base}/national",
        "client_id": "toubib-national",
        "client_secret": SECRET,
        "audience": "patients",
        "scopes": ["openid", "profile", "email"],
        "verifies": True,
        "verified_acr": ["high"],
        "countries": ["FR"],
        "demonstration": True,
    }
    return {"providers": {"hospital": hospital, "national": service | national}}
