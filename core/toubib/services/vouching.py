"""Asking again: a session with roles from an identity provider is a lease of a minute, which the provider renews.

Nobody has to notice that somebody left: without a fresh answer the session is over by itself (`services.sessions` refuses it),
whether the provider said no, this job does not run, or the machine was off. A provider that is silent is no refusal: a session
outlives its silence by a few minutes, then lapses too.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Ref
from toubib.contracts.identity import IdentityProvider, ProviderSilent, Vouched
from toubib.contracts.jobs import Payload
from toubib.db import database, session
from toubib.db.tables.access import Account, AuthSession, ExternalIdentity
from toubib.seams import clock
from toubib.services import external, grants

log = structlog.get_logger("toubib.vouching")
EVERY = timedelta(seconds=10)
IDLE = timedelta(hours=2)
"""A session that opened no page for this long, more than any call lasts, is not renewed: its next page leads through the provider again."""
AT_ONCE = 8
"""Providers' answers awaited side by side."""


def ask_all(_payload: Payload) -> None:
    """Ask for every lease that ends before the round after next. Run every ten seconds."""
    with database().reading():
        found = due()
    silent: set[str] = set()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda one: ask(one[0], one[1], silent), found))


def due() -> Sequence[tuple[str, str]]:
    """Sessions to ask for now, and their providers. In a unit of work."""
    now, lease = clock.now(), timedelta(seconds=runtime.current().settings.rules.vouched_seconds)
    query = (
        select(AuthSession.id, ExternalIdentity.provider)
        .join(ExternalIdentity, col(ExternalIdentity.id) == AuthSession.external_identity_id)
        .where(col(AuthSession.revoked_at).is_(None), col(AuthSession.vouched_until) <= now + lease / 2, AuthSession.last_seen_at > now - IDLE)
        .order_by(col(AuthSession.vouched_until))
    )
    return session().exec(query).all()


def ask(session_id: str, provider: str, silent: set[str]) -> None:
    """Ask the provider about one session and do as it says; a provider that was silent once is not waited for again in this round."""
    found = external.house(provider)
    if found is None:
        return
    try:
        vouched = None if provider in silent else _answer(found, session_id, silent)
    except ProviderSilent:
        silent.add(provider)
        log.warning("identity provider silent", provider=provider)
    else:
        if provider not in silent:
            with database().unit_of_work():
                renew(session_id, vouched)
            return
    with database().unit_of_work():
        outlive_silence(session_id)


def _answer(provider: IdentityProvider, session_id: str, silent: set[str]) -> Vouched | None:
    try:
        return provider.look_again(session_id)
    except ProviderSilent:
        raise
    except Exception as error:
        silent.add(provider.name)
        log.exception("identity provider failed", provider=provider.name, exc_info=error)
        raise ProviderSilent from error


def renew(session_id: str, vouched: Vouched | None) -> None:
    """Take the provider's answer: roles as it says them now and another lease, or the end of the session. In a unit of work."""
    row = session().get(AuthSession, session_id, with_for_update=True)
    if row is None or row.revoked_at is not None or row.external_identity_id is None:
        return
    identity = session().get_one(ExternalIdentity, row.external_identity_id)
    account = session().get_one(Account, row.account_id)
    found = external.house(identity.provider)
    same = vouched is not None and (vouched.issuer, external.subject_index(vouched)) == (identity.issuer, identity.subject_index)
    given = grants.keep(identity.id, account, grants.allowed(found, vouched)) if vouched and found and same else ()
    if not given:
        end(row, identity, account)
        return
    row.vouched_at = identity.vouched_at = clock.now()
    row.vouched_until = clock.now() + timedelta(seconds=runtime.current().settings.rules.vouched_seconds)


def end(row: AuthSession, identity: ExternalIdentity, account: Account) -> None:
    """End a session that its provider no longer answers for; with its last session the identity's roles go too. In a unit of work."""
    now = clock.now()
    row.revoked_at = now
    session().flush()
    other = select(AuthSession.id).where(
        AuthSession.external_identity_id == identity.id, col(AuthSession.revoked_at).is_(None), col(AuthSession.vouched_until) > now
    )
    if session().exec(other).first() is None:
        grants.keep(identity.id, account, ())
    trail.wrote("sign_out_by_provider", Ref("account", account.id), person_id=account.person_id, reason=identity.provider)


def end_sessions(session_ids: Sequence[str]) -> None:
    """End sessions because their provider said so by itself (a back-channel sign-out). In a unit of work."""
    for session_id in session_ids:
        renew(session_id, None)


def outlive_silence(session_id: str) -> None:
    """Prolong a session whose provider does not answer, for the minutes that the deployment allows since its last answer. In a unit of work."""
    rules, now = runtime.current().settings.rules, clock.now()
    row = session().get(AuthSession, session_id, with_for_update=True)
    if row is None or row.revoked_at is not None or row.vouched_at is None or row.vouched_until is None:
        return
    longest = min(now + timedelta(seconds=rules.vouched_seconds), row.vouched_at + timedelta(minutes=rules.silence_minutes))
    row.vouched_until = max(row.vouched_until, longest)
