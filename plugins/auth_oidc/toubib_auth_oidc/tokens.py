"""Believing a token: signature, algorithm, issuer, audience, time, nonce. Everything else in it is a claim to be mapped."""

from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from toubib.seams import clock
from toubib_auth_oidc.wire import Refusal, Wire

LEEWAY_SECONDS = 30
LONGEST = 64_000
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def _decode(wire: Wire, token: object, keys: KeySet) -> jwt.Token:
    if not isinstance(token, str) or len(token) > LONGEST:
        raise Refusal("no token, or one that is too long")
    return jwt.decode(token, keys, algorithms=list(wire.provider.algorithms))


def _opened(wire: Wire, token: object) -> jwt.Token:
    """The token, once its signature is right; keys are fetched again for one that names an unknown key."""
    try:
        try:
            return _decode(wire, token, wire.keys())
        except InvalidKeyIdError:
            return _decode(wire, token, wire.keys(fresh=True))
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise Refusal(f"token: {type(error).__name__}") from error


def id_token(wire: Wire, token: object, *, nonce: str = "", access_token: str = "") -> Mapping[str, Any]:
    """The claims of an ID token that was meant for us, now, by this issuer, and for this sign-in. Raises `Refusal`."""
    opened = _opened(wire, token)
    provider = wire.provider
    params = {"client_id": provider.client_id, "nonce": nonce, "access_token": access_token}
    claims = CodeIDToken(opened.claims, opened.header, {"iss": {"essential": True, "value": provider.issuer}}, params)
    try:
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError) as error:
        raise Refusal(f"id token: {type(error).__name__} {getattr(error, 'claim', '')}") from error
    _check_audience(claims, provider.client_id)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Refusal("id token: no subject")
    return dict(claims)


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    """Ours alone; a token for several clients must name us as the one that asked (and Authlib has compared that name)."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client_id not in audiences or (len(audiences) > 1 and claims.get("azp") != client_id):
        raise Refusal("token: another audience")


def logout_token(wire: Wire, token: object) -> Mapping[str, Any]:
    """The claims of a back-channel sign-out (OpenID Connect Back-Channel Logout 1.0, section 2.6). Raises `Refusal`."""
    opened = _opened(wire, token)
    claims, now = opened.claims, clock.now().timestamp()
    if opened.header.get("typ") != "logout+jwt":
        raise Refusal("logout token: another type")
    _check_audience(claims, wire.provider.client_id)
    events, issued = claims.get("events"), claims.get("iat")
    expires = claims.get("exp")
    good = claims.get("iss") == wire.provider.issuer and isinstance(events, dict) and EVENT in events and "nonce" not in claims
    timely = isinstance(issued, int | float) and abs(now - issued) < 300 and isinstance(expires, int | float) and expires > now - LEEWAY_SECONDS
    named = [claims[key] for key in ("sid", "sub") if key in claims]
    if not (good and timely and named and all(name and isinstance(name, str) for name in named) and claims.get("jti")):
        raise Refusal("logout token: not to be believed")
    return dict(claims)

