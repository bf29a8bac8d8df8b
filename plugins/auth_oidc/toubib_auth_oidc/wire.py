"""The wire: Authlib's client, its requests carried by the one network client; discovery and keys, remembered for a while."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import structlog
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from toubib.contracts.identity import ProviderSilent
from toubib.seams import clock, network
from toubib_auth_oidc.settings import Provider

log = structlog.get_logger("toubib.auth_oidc")
REMEMBERED = timedelta(minutes=10)
AGAIN_AFTER = timedelta(seconds=30)
"""Keys are asked for again at most this often when a token names one that is not known."""
SECONDS = 4.0


class Refusal(Exception):
    """The provider said no, or said something that is not to be believed. The text is for the log, never for a page."""


@dataclass(frozen=True, slots=True)
class Answer:
    """As much of a response as Authlib reads."""

    status_code: int
    content: bytes

    def json(self) -> Any:
        """The body as JSON; raises `ValueError`."""
        return json.loads(self.content)

    def raise_for_status(self) -> None:
        """A failure of the other side is its silence."""
        if self.status_code >= 400:
            raise ProviderSilent(f"status {self.status_code}")


def _ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    try:
        answer = network.http_request(method, url, headers={"Accept": "application/json", **headers}, body=body, timeout=SECONDS)
    except network.NetworkUnavailable as error:
        raise ProviderSilent(str(error)) from error
    except network.HostNotDeclared as error:
        log.exception("an endpoint of an identity provider lies on a host that the settings do not name (key hosts)", fault=str(error))
        raise ProviderSilent(str(error)) from error
    return Answer(answer.status, answer.body)


class Carrier:
    """As much of a `requests` session as Authlib's client uses, through `toubib.seams.network`: declared hosts only."""

    def post(self, url: str, data: Any = None, headers: Mapping[str, str] | None = None, auth: Any = None, **_more: Any) -> Answer:
        """One form, with the client's authentication."""
        sent, body = dict(headers or {}), urlencode(data or {})
        if auth is not None:
            url, sent, body = auth.prepare("POST", url, sent, body)
        return _ask("POST", url, sent, body.encode())


def _json(answer: Answer, what: str) -> dict[str, Any]:
    try:
        found = answer.json() if answer.status_code == 200 else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProviderSilent(f"{what}: status {answer.status_code}, no JSON object")
    return found


@dataclass(slots=True)
class Wire:
    """One provider: its metadata, keys and token endpoint."""

    provider: Provider
    _metadata: dict[str, Any] = field(default_factory=dict)
    _metadata_until: datetime | None = None
    _keys: KeySet | None = None
    _keys_at: datetime | None = None

    def metadata(self) -> Mapping[str, Any]:
        """What the provider says of itself; refused when it calls itself another issuer. Raises `ProviderSilent`, `Refusal`."""
        now = clock.now()
        if self._metadata_until is None or self._metadata_until < now:
            address = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
            found = _json(_ask("GET", address, {}), "discovery")
            if found.get("issuer") != self.provider.issuer:
                raise Refusal("the metadata name another issuer")
            missing = [key for key in ("authorization_endpoint", "token_endpoint", "jwks_uri") if not isinstance(found.get(key), str)]
            if missing:
                raise ProviderSilent(f"the metadata lack {', '.join(missing)}")
            self._metadata, self._metadata_until = found, now + REMEMBERED
        return self._metadata

    def keys(self, *, fresh: bool = False) -> KeySet:
        """The provider's public keys; `fresh` when a token names one that is not among them."""
        now = clock.now()
        wait = AGAIN_AFTER if fresh else REMEMBERED
        if self._keys is None or self._keys_at is None or self._keys_at + wait < now:
            found = _json(_ask("GET", str(self.metadata()["jwks_uri"]), {}), "keys")
            try:
                self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise ProviderSilent("the keys cannot be read") from error
            self._keys_at = now
        return self._keys

    def client(self, redirect_uri: str = "") -> OAuth2Client:
        """Authlib's client for one request."""
        secret = self.provider.client_secret
        return OAuth2Client(
            Carrier(),
            client_id=self.provider.client_id,
            client_secret=secret.get_secret_value() if secret else None,
            token_endpoint_auth_method=self.provider.token_auth if secret else "none",
            scope=" ".join(self.provider.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """The tokens of a code. Raises `Refusal` when the provider does not take it."""
        endpoint = str(self.metadata()["token_endpoint"])
        return self._tokens(lambda: self.client(redirect_uri).fetch_token(endpoint, grant_type="authorization_code", code=code, code_verifier=verifier))

    def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """Fresh tokens. Raises `Refusal` when the provider answers for the person no longer."""
        endpoint = str(self.metadata()["token_endpoint"])
        return self._tokens(lambda: self.client().refresh_token(endpoint, refresh_token=refresh_token))

    @staticmethod
    def _tokens(ask: Any) -> Mapping[str, Any]:
        try:
            found = ask()
        except OAuth2Error as error:
            if error.error in {"invalid_grant", "access_denied"}:
                raise Refusal(f"token endpoint: {error.error}") from error
            log.warning("an identity provider refuses our requests; check its client", error=str(error.error)[:40])
            raise ProviderSilent("token endpoint") from error
        except (ValueError, RecursionError, KeyError) as error:
            raise ProviderSilent("token endpoint") from error
        if not isinstance(found.get("access_token"), str):
            raise ProviderSilent("token endpoint: no access token")
        return dict(found)

    def userinfo(self, access_token: str, subject: str) -> Mapping[str, Any]:
        """The userinfo claims of the same subject; none when the provider has no such endpoint or the settings do not want it."""
        endpoint = self.metadata().get("userinfo_endpoint")
        if not self.provider.userinfo or not isinstance(endpoint, str):
            return {}
        answer = _ask("GET", endpoint, {"Authorization": f"Bearer {access_token}"})
        if answer.status_code in {401, 403}:
            raise Refusal("userinfo: refused")
        found = _json(answer, "userinfo")
        if found.get("sub") != subject:
            raise Refusal("userinfo speaks of somebody else")
        return found
