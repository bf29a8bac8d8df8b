"""Occupancy: taking and freeing a subject's time. The database decides who wins; this only asks it.

A subject is whoever or whatever has only one place at a time: a practitioner's id, a room's id.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, or_, update
from sqlalchemy import select as columns
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import col, select

from toubib.contracts.common import Message, Period, Refused
from toubib.db import session
from toubib.db.tables.agenda import Occupancy, Seat
from toubib.seams import clock

LIVE = ("held", "taken")
TAKEN = Refused("taken", Message("toubib", "This time was taken a moment ago. Nothing was charged."))


def occupy(
    subject: str, organisation_id: str, period: Period, *, until: datetime | None, lane: int = 0, override_reason: str = ""
) -> str | Refused:
    """Take `period` of the subject's time; returns the occupancy's id, or the refusal `taken`.

    Holds of the subject that have lapsed are expired first, in the same transaction, since the constraint
    cannot know the time. `until=None` takes for good.
    """
    queue_up(subject)
    expire_lapsed(subject)
    row = Occupancy(
        organisation_id=organisation_id,
        subject=subject,
        starts_at=period.start,
        ends_at=period.end,
        lane=lane,
        state="held" if until else "taken",
        expires_at=until,
        override_reason=override_reason,
    )
    try:
        with session().begin_nested():
            session().add(row)
            session().flush()
            session().add(Seat(organisation_id=organisation_id, occupancy_id=row.id))
    except (IntegrityError, DBAPIError) as error:
        if "occupancy_no_overlap" in str(error.orig):
            return TAKEN
        raise
    return row.id


def queue_up(subject: str) -> None:
    """Let whoever takes or moves this subject's time come one after the other, until their unit of work ends.

    The constraint alone would decide as rightly, but two transactions that wait for each other's rows (two
    patients exchanging times) would be a deadlock. SQLite has one writer anyway.
    """
    if session().get_bind().dialect.name == "postgresql":
        session().execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))


def expire_lapsed(subject: str) -> None:
    """Expire the subject's holds whose time is over."""
    session().execute(
        update(Occupancy)
        .where(col(Occupancy.subject) == subject, col(Occupancy.state) == "held", col(Occupancy.expires_at) <= clock.now())
        .values(state="expired")
    )


def take(occupancy_id: str) -> bool:
    """Make a live hold final; false when it has lapsed or was freed."""
    row = _queued(occupancy_id)
    if _holds(row):
        row.state, row.expires_at = "taken", None
        session().flush()
    return row.state == "taken"


def _queued(occupancy_id: str) -> Occupancy:
    """A row as it stands once whoever takes this subject's time at the moment is done."""
    row = session().get_one(Occupancy, occupancy_id)
    queue_up(row.subject)
    session().refresh(row)
    return row


def _holds(row: Occupancy) -> bool:
    return row.state == "held" and row.expires_at is not None and row.expires_at > clock.now()


def prolong(occupancy_id: str, until: datetime) -> bool:
    """Keep a live hold longer; false when it has lapsed already."""
    row = _queued(occupancy_id)
    alive = _holds(row)
    if alive:
        row.expires_at = until
        session().flush()
    return alive


def free(occupancy_id: str, state: str = "released") -> None:
    """Give the time back at once. Freeing twice is no error."""
    row = session().get_one(Occupancy, occupancy_id)
    if row.state in LIVE:
        row.state = state
        for seat in session().exec(select(Seat).where(Seat.occupancy_id == occupancy_id, Seat.freed == "")):
            seat.freed = seat.id
        session().flush()


def busy(subjects: Sequence[str], window: Period) -> Mapping[str, Sequence[Period]]:
    """Live spans of several subjects that touch the window, soonest first; lapsed holds are left out. Lane 0 only."""
    counts = or_(col(Occupancy.state) == "taken", (col(Occupancy.state) == "held") & (col(Occupancy.expires_at) > clock.now()))
    query = (
        columns(col(Occupancy.subject), col(Occupancy.starts_at), col(Occupancy.ends_at))
        .where(col(Occupancy.subject).in_(subjects), col(Occupancy.lane) == 0, counts)
        .where(col(Occupancy.starts_at) < window.end, col(Occupancy.ends_at) > window.start)
        .order_by(col(Occupancy.starts_at))
    )
    spans: dict[str, list[Period]] = {subject: [] for subject in subjects}
    for subject, starts_at, ends_at in session().execute(query):
        spans[subject].append(Period(starts_at, ends_at))
    return spans
