"""Sessions: which browser is whom, for how long, and how to end it. Tokens are stored as fingerprints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, update
from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.identity import ANONYMOUS, Actor, ActorKind, Role
from toubib.db import across_organisations, database, session
from toubib.db.tables.access import Account, AuthSession, ExternalIdentity, JoinLink, RoleAssignment
from toubib.seams import clock, randomness
from toubib.services.secrets import fingerprint

TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Device:
    """A signed-in browser, as its owner sees it in the list. `provider` names who vouched, or is ""."""

    id: str
    device: str
    created_at: datetime
    last_seen_at: datetime
    current: bool
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has begun: its id, and the token for the browser's cookie."""

    id: str
    token: str


def actor_of(session_token: str, guest_token: str, draft_key: str | None) -> Actor:
    """The actor behind a request's cookies; anonymous when neither token is alive."""
    if session_token and (found := _live(col(AuthSession.token_hash) == fingerprint(session_token))):
        return _user(*found, draft_key)
    if guest_token and (link := live_link(fingerprint(guest_token))):
        return _guest(link, draft_key)
    return Actor(ANONYMOUS.kind, draft_key=draft_key)


def credential(actor: Actor) -> str:
    """The id of the session or link on which an actor's rights rest; "" for whoever needs none, such as a job."""
    return actor.session_id or (actor.id if actor.kind is ActorKind.GUEST else "")


def still_may(credential_id: str, permission: str, object_id: str) -> bool:
    """Whether what rests on a session or link is allowed at this moment; yes for "", on which nothing rests.

    For what outlives a request, such as a socket: asked again, it shows rights that were taken away meanwhile.
    """
    return not credential_id or runtime.current().policy.allows(_behind(credential_id), permission, object_id)


def _behind(credential_id: str) -> Actor:
    if found := _live(col(AuthSession.id) == credential_id):
        return _user(*found, None)
    link = session().get(JoinLink, credential_id)
    return _guest(link, None) if link and _opens(link) else ANONYMOUS


def _guest(link: JoinLink, draft_key: str | None) -> Actor:
    return Actor(ActorKind.GUEST, link.id, link.person_id, draft_key=draft_key, encounter_id=link.encounter_id)


def _live(which: ColumnElement[bool]) -> tuple[AuthSession, Account] | None:
    query = select(AuthSession, Account).where(which, AuthSession.account_id == Account.id, col(Account.disabled_at).is_(None))
    return session().exec(query.where(*_alive())).first()


def _alive() -> tuple[ColumnElement[bool], ...]:
    """The conditions under which a session still opens anything: not ended, not too old, and answered for where somebody has to."""
    now, rules = clock.now(), runtime.current().settings.rules
    return (
        col(AuthSession.revoked_at).is_(None),
        col(AuthSession.last_seen_at) > now - timedelta(hours=rules.session_hours),
        col(AuthSession.created_at) > now - timedelta(days=rules.session_days),
        or_(col(AuthSession.vouched_until).is_(None), col(AuthSession.vouched_until) > now),
    )


def _user(row: AuthSession, account: Account, draft_key: str | None) -> Actor:
    return Actor(
        ActorKind.USER,
        account.id,
        account.person_id,
        _roles(row),
        strong=_strong(row),
        session_id=row.id,
        draft_key=draft_key,
        external_id=row.external_identity_id,
    )


def _roles(row: AuthSession) -> tuple[Role, ...]:
    """The roles that rest on what opened the session: an identity provider's on its identity, the house's own on the mailed code."""
    query = select(RoleAssignment).where(RoleAssignment.account_id == row.account_id)
    if row.external_identity_id:
        query = query.where(RoleAssignment.external_identity_id == row.external_identity_id)
    else:
        query = query.where(col(RoleAssignment.external_identity_id).is_(None))
        if not runtime.current().settings.rules.roles_by_mail:
            query = query.where(RoleAssignment.role == "administrator")
    return tuple(Role(r.role, r.organisation_id, r.practitioner_role_id) for r in session().exec(query))


def _strong(row: AuthSession) -> bool:
    fresh = timedelta(hours=runtime.current().settings.rules.second_factor_hours)
    return row.second_factor_at is not None and row.second_factor_at > clock.now() - fresh


def live_link(token_hash: str) -> JoinLink | None:
    """A join link that still opens its visit."""
    with across_organisations("the token names the link"):
        link = session().exec(select(JoinLink).where(JoinLink.token_hash == token_hash)).first()
    return link if link and _opens(link) else None


def _opens(link: JoinLink) -> bool:
    return link.revoked_at is None and link.expires_at > clock.now()


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


def begin_vouched(account: Account, device: str, external_identity_id: str, *, until: datetime | None, second_factor: bool) -> Begun:
    """Sign a browser in on the word of an identity provider; `until` is when that word has to be renewed, if ever."""
    token, now = randomness.token(), clock.now()
    row = AuthSession(
        account_id=account.id,
        token_hash=fingerprint(token),
        device=device[:120],
        external_identity_id=external_identity_id,
        second_factor_at=now if second_factor else None,
        vouched_at=now,
        vouched_until=until,
    )
    session().add(row)
    session().flush()
    return Begun(row.id, token)


def strengthen(session_id: str) -> None:
    """The session has shown a second factor now."""
    session().get_one(AuthSession, session_id).second_factor_at = clock.now()


def devices(actor: Actor) -> Sequence[Device]:
    """The actor's own signed-in browsers, last used first."""
    query = (
        select(AuthSession, ExternalIdentity.provider)
        .join(ExternalIdentity, col(ExternalIdentity.id) == AuthSession.external_identity_id, isouter=True)
        .where(AuthSession.account_id == actor.id, *_alive())
        .order_by(col(AuthSession.last_seen_at).desc())
    )
    return [Device(s.id, s.device, s.created_at, s.last_seen_at, s.id == actor.session_id, provider or "") for s, provider in session().exec(query)]


def revoke(actor: Actor, session_id: str | None = None) -> None:
    """End one of the actor's own sessions, or all others when none is named."""
    query = update(AuthSession).where(col(AuthSession.account_id) == actor.id, col(AuthSession.revoked_at).is_(None))
    query = query.where(col(AuthSession.id) == session_id) if session_id else query.where(col(AuthSession.id) != actor.session_id)
    session().execute(query.values(revoked_at=clock.now()))
