"""A provider tells by itself that somebody signed out, or was signed out: their sessions end at once, not within the minute."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlmodel import select

from toubib.db import database, session
from toubib.seams import clock
from toubib.services.secrets import fingerprint
from toubib.services.vouching import end_sessions
from toubib_auth_oidc import tokens
from toubib_auth_oidc.house import OidcHouse
from toubib_auth_oidc.models import Attempt, Grant
from toubib_auth_oidc.wire import Refusal

REPLAYED = timedelta(minutes=10)


def sign_out(house: OidcHouse, token: str) -> None:
    """End the sessions that a signed logout token names: one by `sid`, else all of a subject. Raises `Refusal`, `ProviderSilent`."""
    claims = tokens.logout_token(house.wire, token)
    with database().unit_of_work():
        _once(house, str(claims["jti"]))
        end_sessions(session().exec(select(Grant.session_id).where(Grant.provider == house.key, _named(claims))).all())


def _named(claims: Mapping[str, Any]) -> Any:
    if "sid" in claims:
        return Grant.sid_hash == fingerprint(claims["sid"])
    return Grant.subject_hash == fingerprint(claims["sub"])


def _once(house: OidcHouse, jti: str) -> None:
    """The same token ends nothing twice: somebody may have signed in again since."""
    seen = fingerprint(f"logout {house.key} {jti}")
    if session().exec(select(Attempt.id).where(Attempt.state_hash == seen)).first() is not None:
        raise Refusal("logout token: seen before")
    now = clock.now()
    session().add(Attempt(provider=house.key, state_hash=seen, binding_hash="", return_to="", expires_at=now + REPLAYED, used_at=now))
