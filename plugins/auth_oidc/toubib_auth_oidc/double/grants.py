"""Authlib's server, told where codes, tokens and people are. PKCE is asked of everybody; a refresh token works once."""

import base64
import hashlib
import hmac
import json
from typing import Any, ClassVar

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeGrant, InvalidRequestError, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, g
from joserfc.jwk import RSAKey

from toubib.seams import clock
from toubib_auth_oidc.double.houses import ACCESS_LIFE, CODE_LIFE, Code, House, Somebody, Token


def house() -> House:
    """The house of this request."""
    found: House = g.auth_oidc_house
    return found


def claims_of(somebody: Somebody) -> dict[str, Any]:
    """What the house states of somebody."""
    return {"sub": somebody.subject, "name": somebody.name, "amr": somebody.factors, **somebody.claims}


class _Codes(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = ["client_secret_basic", "client_secret_post", "none"]

    def save_authorization_code(self, code: str, request: Any) -> None:
        asked = request.payload.data
        if not asked.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge'")
        house().codes[code] = Code(
            code, request.client.id, request.user.subject, request.payload.redirect_uri, request.payload.scope, asked.get("nonce", ""),
            asked["code_challenge"], asked.get("code_challenge_method", "plain"), g.auth_oidc_sid,
        )  # fmt: skip

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        found = house().codes.get(code)
        return found if found and found.client_id == client.id and found.made_at + CODE_LIFE > clock.now() else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        house().codes.pop(authorization_code.code, None)

    def authenticate_user(self, authorization_code: Code) -> Somebody | None:
        return house().present(authorization_code.subject)


class _Refreshing(RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = ["client_secret_basic", "client_secret_post", "none"]
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        found = next((t for t in house().tokens if t.refresh_token == refresh_token), None)
        return found if found and not found.revoked and house().present(found.subject) else None

    def authenticate_user(self, refresh_token: Token) -> Somebody | None:
        return house().present(refresh_token.subject)

    def revoke_old_credential(self, refresh_token: Token) -> None:
        refresh_token.revoked = True


class _IdTokens(OpenIDCode):  # type: ignore[misc]
    def exists_nonce(self, nonce: str, request: Any) -> bool:  # noqa: ARG002  Authlib's signature
        return any(code.nonce == nonce for code in house().codes.values())

    def resolve_client_private_key(self, client: Any) -> Any:  # noqa: ARG002  Authlib's signature
        return house().keys.keys[0]

    def get_encode_header(self, client: Any) -> dict[str, str]:  # noqa: ARG002  Authlib's signature
        return {"alg": "RS256", "kid": house().keys.keys[0].kid or ""}

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        return {"iss": house().issuer, "aud": [client.id]}

    def get_authorization_code_claims(self, authorization_code: Code) -> dict[str, Any]:
        return {**super().get_authorization_code_claims(authorization_code), "sid": authorization_code.sid}

    def generate_user_info(self, user: Somebody, scope: str) -> dict[str, Any]:  # noqa: ARG002  Authlib's signature
        return {**claims_of(user), **{name: value for name, value in house().lies.items() if not name.startswith("_")}}

    def encode_id_token(self, token: Any, request: Any) -> str:
        """The true token; or, when the house was told to lie about how it signs, one that nobody may believe."""
        how = house().lies.pop("_signed", "")
        encoded = str(super().encode_id_token(token, request))
        return _badly_signed(encoded, how) if how else encoded


def _badly_signed(encoded: str, how: str) -> str:
    """The same claims without a signature, or signed with the public key as if it were a secret: by hand, no library does that."""
    key = house().keys.keys[0]
    header = {"alg": "none"} if how == "none" else {"alg": "HS256", "kid": key.kid}
    signed = f"{_base64(json.dumps(header).encode())}.{encoded.split('.')[1]}"
    public = key.as_pem(private=False) if isinstance(key, RSAKey) else b""
    signature = b"" if how == "none" else hmac.new(public, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_base64(signature)}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def server(app: Flask) -> AuthorizationServer:
    """An authorization server for all houses; each request says whose it is."""

    def save_token(token: dict[str, Any], request: Any) -> None:
        house().tokens.append(Token(token["access_token"], token.get("refresh_token", ""), request.client.id, request.user.subject, token.get("scope", "")))

    seconds = int(ACCESS_LIFE.total_seconds())
    app.config.update(OAUTH2_REFRESH_TOKEN_GENERATOR=True, OAUTH2_TOKEN_EXPIRES_IN={"authorization_code": seconds, "refresh_token": seconds})
    made = AuthorizationServer()
    made.init_app(app, query_client=lambda client_id: house().client if house().client.id == client_id else None, save_token=save_token)
    made.register_grant(_Codes, [_IdTokens(require_nonce=True), CodeChallenge(required=True)])
    made.register_grant(_Refreshing)
    return made
