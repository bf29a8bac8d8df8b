"""A sign-in from our page to the provider's and back: begun in one browser, answered once, settled by the core."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import select

from toubib.contracts.identity import Vouched
from toubib.db import database, session, vault
from toubib.seams import clock, randomness
from toubib.services import external, limits
from toubib.services.secrets import fingerprint, matches
from toubib.services.sessions import Begun
from toubib.web.entry import absolute
from toubib_auth_oidc import tokens
from toubib_auth_oidc.mapping import vouched
from toubib_auth_oidc.models import Attempt, Grant
from toubib_auth_oidc.wire import Refusal, Wire

NAME = "auth_oidc"
LIFE = timedelta(minutes=15)
PER_HOUR = 60
TOKENS = ("id_token", "access_token", "refresh_token")
_VOUCHED: TypeAdapter[Vouched] = TypeAdapter(Vouched)


class Over(Exception):
    """No such sign-in is under way in this browser: it was answered already, took too long, or was begun elsewhere."""


class Stopped(Exception):
    """The person did not finish at the provider."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A sign-in whose state has just been spent."""

    id: str
    nonce: str
    verifier: str
    return_to: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the provider said, believed and mapped; and what is kept to ask again and to sign out there."""

    vouched: Vouched
    tokens: Mapping[str, str]
    sid: str = ""


def redirect_uri(key: str) -> str:
    """Where the provider sends the browser back to: another address for each provider, so that no answer is taken for another's."""
    return absolute(f"/{NAME}/callback/{key}")


def begin(wire: Wire, key: str, return_to: str, binding: str) -> str:
    """The provider's address to go to. Raises `ProviderSilent`, `Refusal`, `ContractError` when tried too often."""
    endpoint = str(wire.metadata()["authorization_endpoint"])
    state, nonce, verifier = (randomness.token() for _ in range(3))
    with database().unit_of_work():
        limits.count(NAME, fingerprint(binding), per_hour=PER_HOUR)
        row = Attempt(
            provider=key, state_hash=fingerprint(state), binding_hash=fingerprint(binding), return_to=return_to[:500], expires_at=clock.now() + LIFE
        )
        vault().seal(row, "secrets", json.dumps({"nonce": nonce, "verifier": verifier}))
        session().add(row)
    wanted = {"acr_values": " ".join(wire.provider.acr_values)} if wire.provider.acr_values else {}
    url, _state = wire.client(redirect_uri(key)).create_authorization_url(endpoint, state=state, code_verifier=verifier, nonce=nonce, **wanted)
    return str(url)


def take(key: str, state: str, binding: str) -> UnderWay:
    """Spend a state, in a unit of work of its own: whatever comes of it, the same answer never counts again. Raises `Over`."""
    with database().unit_of_work():
        row = session().exec(select(Attempt).where(Attempt.state_hash == fingerprint(state)).with_for_update()).first()
        bound = row is not None and row.provider == key and matches(row.binding_hash, fingerprint(binding))
        if row is None or not bound or row.used_at is not None or row.expires_at <= clock.now():
            raise Over
        row.used_at = clock.now()
        secrets = json.loads(vault().read(row, "secrets"))
        return UnderWay(row.id, secrets["nonce"], secrets["verifier"], row.return_to)


def ask(wire: Wire, key: str, under_way: UnderWay, answer: Mapping[str, str]) -> Known:
    """Turn the provider's answer into what it says of somebody. Outside any unit of work. Raises `Stopped`, `Refusal`, `ProviderSilent`."""
    _check_issuer(wire, answer)
    if "error" in answer:
        raise Stopped(answer["error"][:40])
    given = wire.exchange(answer.get("code", ""), under_way.verifier, redirect_uri(key))
    access_token = str(given["access_token"])
    claims = dict(tokens.id_token(wire, given.get("id_token"), nonce=under_way.nonce, access_token=access_token))
    claims = {**wire.userinfo(access_token, str(claims["sub"])), **claims}
    kept = {name: str(given[name]) for name in TOKENS if isinstance(given.get(name), str)}
    kept |= {"subject": str(claims["sub"]), "leave": str(wire.metadata().get("end_session_endpoint") or "")}
    renewable = "refresh_token" in kept or (wire.provider.userinfo and "userinfo_endpoint" in wire.metadata())
    sid = claims.get("sid")
    return Known(vouched(wire.provider, claims, renewable=renewable), kept, sid if isinstance(sid, str) else "")


def _check_issuer(wire: Wire, answer: Mapping[str, str]) -> None:
    """The answer names its issuer (RFC 9207) where the provider says that it does; any other name is another provider's answer."""
    named = answer.get("iss")
    if named != wire.provider.issuer and (named is not None or wire.metadata().get("authorization_response_iss_parameter_supported") is True):
        raise Refusal("the answer comes from another issuer")


def settle(key: str, known: Known, device: str) -> Begun | None:
    """Let the core open a session, in the open unit of work, and keep what is needed to ask again; `None`: an account is proved first."""
    begun = external.sign_in_with(f"{NAME}.{key}", known.vouched, device)
    if begun is None:
        return None
    row = Grant(provider=key, session_id=begun.id, subject_hash=fingerprint(known.vouched.subject), sid_hash=fingerprint(known.sid) if known.sid else "")
    vault().seal(row, "tokens", json.dumps(dict(known.tokens)))
    session().add(row)
    return begun


def put_by(under_way: UnderWay, known: Known) -> None:
    """Keep what the provider said for a few minutes, until its owner proved an account. In a unit of work."""
    row = session().get_one(Attempt, under_way.id)
    vault().seal(row, "vouched", _VOUCHED.dump_json(known.vouched).decode())
    row.expires_at = clock.now() + LIFE


@dataclass(frozen=True, slots=True)
class Waiting:
    """An identity that waits to be connected with an account."""

    key: str
    vouched: Vouched
    return_to: str


def waiting(attempt_id: str, binding: str) -> Waiting | None:
    """What waits in this browser; `None` when nothing does any more. In a unit of work."""
    row = session().get(Attempt, attempt_id)
    if row is None or not matches(row.binding_hash, fingerprint(binding)) or row.expires_at <= clock.now() or row.vouched is None:
        return None
    return Waiting(row.provider, _VOUCHED.validate_json(vault().read(row, "vouched")), row.return_to)


def connect(attempt_id: str, binding: str) -> Waiting | None:
    """Connect what waits with the acting user's account; it waits no longer. In a unit of work. Raises `ContractError`."""
    found = waiting(attempt_id, binding)
    if found is not None:
        external.connect(f"{NAME}.{found.key}", found.vouched)
        session().get_one(Attempt, attempt_id).vouched = None
    return found


def kept_tokens(session_id: str) -> dict[str, Any]:
    """The tokens of a session; empty when there are none. In a unit of work."""
    row = session().exec(select(Grant).where(Grant.session_id == session_id)).first()
    found: dict[str, Any] = json.loads(vault().read(row, "tokens")) if row and row.tokens else {}
    return found


def keep_tokens(session_id: str, given: Mapping[str, Any]) -> None:
    """Keep the newer tokens beside those that did not change. In a unit of work."""
    row = session().exec(select(Grant).where(Grant.session_id == session_id)).first()
    if row is not None:
        fresh = {name: given[name] for name in TOKENS if isinstance(given.get(name), str)}
        vault().seal(row, "tokens", json.dumps({**json.loads(vault().read(row, "tokens")), **fresh}))
