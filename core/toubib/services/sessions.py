"""Sessions: which browser is whom, for how long, and how to end it. Tokens are stored as fingerprints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.identity import ANONYMOUS, Actor, ActorKind, Role
from toubib.db import database, session
from toubib.db.tables.access import Account, AuthSession, JoinLink, RoleAssignment
from toubib.seams import clock, randomness
from toubib.services.secrets import fingerprint

TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Device:
    """A signed-in browser, as its owner sees it in the list."""

    id: str
    device: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


def actor_of(session_token: str, guest_token: str, draft_key: str | None) -> Actor:
    """The actor behind a request's cookies; anonymous when neither token is alive."""
    if session_token and (found := _live(fingerprint(session_token))):
        return _user(*found, draft_key)
    if guest_token and (link := live_link(fingerprint(guest_token))):
        return Actor(ActorKind.GUEST, link.id, link.person_id, draft_key=draft_key, encounter_id=link.encounter_id)
    return Actor(ANONYMOUS.kind, draft_key=draft_key)


def _live(token_hash: str) -> tuple[AuthSession, Account] | None:
    oldest = clock.now() - timedelta(hours=runtime.current().settings.rules.session_hours)
    query = (
        select(AuthSession, Account)
        .where(AuthSession.token_hash == token_hash, AuthSession.account_id == Account.id)
        .where(col(AuthSession.revoked_at).is_(None), AuthSession.last_seen_at > oldest, col(Account.disabled_at).is_(None))
    )
    return session().exec(query).first()


def _user(row: AuthSession, account: Account, draft_key: str | None) -> Actor:
    roles = session().exec(select(RoleAssignment).where(RoleAssignment.account_id == account.id)).all()
    return Actor(
        ActorKind.USER,
        account.id,
        account.person_id,
        tuple(Role(r.role, r.organisation_id, r.practitioner_role_id) for r in roles),
        strong=_strong(row),
        session_id=row.id,
        draft_key=draft_key,
    )


def _strong(row: AuthSession) -> bool:
    fresh = timedelta(hours=runtime.current().settings.rules.second_factor_hours)
    return row.second_factor_at is not None and row.second_factor_at > clock.now() - fresh


def live_link(token_hash: str) -> JoinLink | None:
    """A join link that still opens its visit."""
    link = session().exec(select(JoinLink).where(JoinLink.token_hash == token_hash)).first()
    return link if link and link.revoked_at is None and link.expires_at > clock.now() else None


def touch(session_id: str) -> None:
    """Note that the session is in use, at most once a minute. Opens its own unit of work."""
    now = clock.now()
    with database().reading() as reading:
        seen = reading.get_one(AuthSession, session_id).last_seen_at
    if now - seen >= TOUCH_EVERY:
        with database().unit_of_work() as writing:
            writing.execute(update(AuthSession).where(col(AuthSession.id) == session_id).values(last_seen_at=now))


def begin(account: Account, device: str) -> str:
    """Sign a browser in; returns the token for its cookie."""
    token = randomness.token()
    session().add(AuthSession(account_id=account.id, token_hash=fingerprint(token), device=device[:120]))
    return token


def strengthen(session_id: str) -> None:
    """The session has shown a second factor now."""
    session().get_one(AuthSession, session_id).second_factor_at = clock.now()


def devices(actor: Actor) -> Sequence[Device]:
    """The actor's own signed-in browsers, last used first."""
    query = (
        select(AuthSession)
        .where(AuthSession.account_id == actor.id, col(AuthSession.revoked_at).is_(None))
        .order_by(col(AuthSession.last_seen_at).desc())
    )
    return [Device(s.id, s.device, s.created_at, s.last_seen_at, s.id == actor.session_id) for s in session().exec(query)]


def revoke(actor: Actor, session_id: str | None = None) -> None:
    """End one of the actor's own sessions, or all others when none is named."""
    query = update(AuthSession).where(col(AuthSession.account_id) == actor.id, col(AuthSession.revoked_at).is_(None))
    query = query.where(col(AuthSession.id) == session_id) if session_id else query.where(col(AuthSession.id) != actor.session_id)
    session().execute(query.values(revoked_at=clock.now()))
