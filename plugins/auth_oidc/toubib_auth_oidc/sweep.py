"""Forgetting: sign-ins that are over, and the tokens of sessions that ended."""

from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import col, or_, select

from toubib.contracts.jobs import Job, Payload
from toubib.db import database, session
from toubib.db.tables.access import AuthSession
from toubib.seams import clock
from toubib_auth_oidc.flow import NAME
from toubib_auth_oidc.models import Attempt, Grant

ENDED = timedelta(hours=1)
"""An ended session's tokens are kept this long, so that its owner can still sign out at the provider."""
OLD = timedelta(days=7)


def sweep(_payload: Payload) -> None:
    """Delete what is of no use any more."""
    now = clock.now()
    with database().unit_of_work():
        session().execute(delete(Attempt).where(col(Attempt.expires_at) < now))
        over = or_(
            col(AuthSession.revoked_at) < now - ENDED, col(AuthSession.vouched_until) < now - ENDED, col(AuthSession.last_seen_at) < now - OLD
        )
        session().execute(delete(Grant).where(col(Grant.session_id).in_(select(AuthSession.id).where(over))))


JOB = Job(f"{NAME}.sweep", sweep, every=timedelta(minutes=10))
