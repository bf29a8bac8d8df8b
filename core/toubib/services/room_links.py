"""Join links: one visit for one participant, without an account, spent on POST, dead some time after the visit."""

from datetime import timedelta

from sqlmodel import col, select

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Ref
from toubib.db import across_organisations, session
from toubib.db.tables.access import JoinLink
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.journey import Encounter
from toubib.seams import clock, randomness
from toubib.services import sessions
from toubib.services.secrets import fingerprint


def make(encounter: Encounter, appointment: Appointment, role: str = "patient") -> str:
    """A fresh link's token. Older ones open the same visit, and end with it too: a move throws nobody out of its pages."""
    token = randomness.token()
    ends = appointment.ends_at + timedelta(minutes=runtime.current().settings.rules.join_late_minutes)
    for older in session().exec(select(JoinLink).where(JoinLink.encounter_id == encounter.id)):
        older.expires_at = ends
    session().add(
        JoinLink(
            organisation_id=encounter.organisation_id,
            encounter_id=encounter.id,
            person_id=encounter.person_id,
            participant_role=role,
            token_hash=fingerprint(token),
            expires_at=ends,
        )
    )
    return token


def revoke(encounter_id: str) -> int:
    """Take back every link of a visit and what browsers got for them; their open sockets end too. Returns how many were alive."""
    now = clock.now()
    alive = (JoinLink.encounter_id == encounter_id, col(JoinLink.revoked_at).is_(None), JoinLink.expires_at > now)
    rows = session().exec(select(JoinLink).where(*alive)).all()
    for row in rows:
        row.revoked_at = now
    session().flush()
    if rows:
        about = {"organisation_id": rows[0].organisation_id, "person_id": rows[0].person_id or ""}
        trail.wrote("revoke_links", Ref("encounter", encounter_id), **about)
    return len(rows)


def taken_back(token: str) -> Encounter | None:
    """The visit of a link that was revoked; `None` for one that is alive, ran out, or was never ours."""
    with across_organisations("the token names the link"):
        row = session().exec(select(JoinLink).where(JoinLink.token_hash == fingerprint(token))).first()
        return session().get(Encounter, row.encounter_id) if row and row.revoked_at is not None else None


def find(token: str) -> JoinLink | None:
    """The link behind a token, if it still opens its visit. Looking spends nothing."""
    return sessions.live_link(fingerprint(token))


def spend(token: str) -> tuple[JoinLink, str] | None:
    """Exchange the mailed token for one that only this browser holds; `None` when the link is dead.

    The mailed token works until the visit is over, so that a reload or a second device can come back;
    each exchange is a row of its own and audited.
    """
    link = find(token)
    if link is None:
        return None
    own = randomness.token()
    link.used_at = clock.now()
    mine = JoinLink(
        organisation_id=link.organisation_id,
        encounter_id=link.encounter_id,
        person_id=link.person_id,
        participant_role=link.participant_role,
        token_hash=fingerprint(own),
        expires_at=link.expires_at,
        used_at=clock.now(),
    )
    session().add(mine)
    session().flush()
    trail.wrote("open_link", Ref("encounter", link.encounter_id), organisation_id=link.organisation_id, person_id=link.person_id or "")
    return mine, own
