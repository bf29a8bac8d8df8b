"""The houses of the demonstration provider: their client, their people, and what they handed out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin
from authlib.oidc.core import AuthorizationCodeMixin
from joserfc.jwk import KeySet, RSAKey

from toubib.seams import clock

CODE_LIFE, ACCESS_LIFE = timedelta(minutes=1), timedelta(minutes=5)
SCOPES = frozenset({"openid", "profile", "email", "phone", "groups", "offline_access"})


@dataclass(slots=True)
class Somebody:
    """Somebody invented. `gone` once they left the house: no new sign-in, and nothing handed out counts any more."""

    subject: str
    name: str
    claims: dict[str, Any] = field(default_factory=dict)
    factors: list[str] = field(default_factory=list)
    gone: bool = False

    def get_user_id(self) -> str:
        """Authlib's name for the subject."""
        return self.subject


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):  # type: ignore[misc]
    """The one client of a house."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...]

    def get_client_id(self) -> str:
        """Its id."""
        return self.id

    def get_default_redirect_uri(self) -> str:
        """None by default: a request names its own."""
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        """The scopes that the house knows."""
        return " ".join(s for s in (scope or "").split() if s in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exactly a registered one."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """The registered one."""
        return bool(self.secret) and client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002  Authlib's signature
        """A secret where one is registered, PKCE alone otherwise."""
        return method in {"client_secret_basic", "client_secret_post"} if self.secret else method == "none"

    def check_grant_type(self, grant_type: str) -> bool:
        """Code and refresh."""
        return grant_type in {"authorization_code", "refresh_token"}

    def check_response_type(self, response_type: str) -> bool:
        """Code only."""
        return response_type == "code"


@dataclass(frozen=True, slots=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """An authorization code."""

    code: str
    client_id: str
    subject: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    sid: str
    made_at: datetime = field(default_factory=clock.now)

    def get_redirect_uri(self) -> str:
        """Where it was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """What was asked for."""
        return self.scope

    def get_nonce(self) -> str:
        """The request's nonce."""
        return self.nonce

    def get_auth_time(self) -> None:
        """Authlib takes the present time."""

    def get_acr(self) -> None:
        """Stated with the other claims."""

    def get_amr(self) -> None:
        """Stated with the other claims."""


@dataclass(slots=True)
class Token(TokenMixin):  # type: ignore[misc]
    """An access token with its refresh token."""

    access_token: str
    refresh_token: str
    client_id: str
    subject: str
    scope: str
    made_at: datetime = field(default_factory=clock.now)
    revoked: bool = False

    def check_client(self, client: Client) -> bool:
        """Handed to this client."""
        return self.client_id == client.id

    def get_scope(self) -> str:
        """What it is for."""
        return self.scope

    def get_expires_in(self) -> int:
        """Seconds of its life."""
        return int(ACCESS_LIFE.total_seconds())

    def is_expired(self) -> bool:
        """Whether its life is over."""
        return self.made_at + ACCESS_LIFE < clock.now()

    def is_revoked(self) -> bool:
        """Whether it was replaced or taken back."""
        return self.revoked


@dataclass(slots=True)
class House:
    """One issuer. `ended` are its own sessions that were signed out.

    For tests: `lies` are claims that replace the true ones in its ID tokens, `down` makes it answer nothing.
    """

    key: str
    issuer: str
    title: Mapping[str, str]
    client: Client
    after_sign_out: tuple[str, ...]
    people: dict[str, Somebody]
    keys: KeySet
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    lies: dict[str, Any] = field(default_factory=dict)
    userinfo_lies: dict[str, Any] = field(default_factory=dict)
    down: bool = False

    def present(self, subject: str) -> Somebody | None:
        """Somebody of the house who has not left."""
        found = self.people.get(subject)
        return found if found and not found.gone else None

    def access(self, access_token: str) -> Token | None:
        """A live access token of somebody who has not left."""
        found = next((t for t in self.tokens if t.access_token == access_token), None)
        return found if found and not found.revoked and not found.is_expired() and self.present(found.subject) else None


def made(key: str, given: Mapping[str, Any], base: str) -> House:
    """A house as a file describes it, with a signing key of its own."""
    people = {p["subject"]: Somebody(p["subject"], p["name"], dict(p.get("claims", {})), list(p.get("factors", []))) for p in given["people"]}
    client = Client(given["client_id"], given.get("client_secret", ""), tuple(given["redirect_uris"]))
    keys = KeySet([RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": f"{key}-1"})])
    return House(key, f"{base}/{key}", given["title"], client, tuple(given.get("after_sign_out", ())), people, keys)
