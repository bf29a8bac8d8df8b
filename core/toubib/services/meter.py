"""The meter of care in writing: how long patient and practitioner were both there, by the server's clock.

It runs while both are present and stops at the limit the patient set, when one leaves, and when one falls silent: then at their last
sign of life, however late anybody looks. Stretches are rows (`media_segment`), so that a process that dies loses no second and counts
none twice: whoever looks next, page or job, computes the same end from the same rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from toubib.contracts.media import Participant
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.room import MediaSession, Presence, Segment
from toubib.seams import clock
from toubib.services import requests, room

MINUTE = timedelta(minutes=1)
ZERO = timedelta()


@dataclass(frozen=True, slots=True)
class MeterRule:
    """`limit`: the most that is ever counted. `silence`: who gave no sign of life for so long is gone since the last one."""

    limit: timedelta
    silence: timedelta = room.HERE_FOR


@dataclass(frozen=True, slots=True)
class Metered:
    """What the meter shows at an instant. `quiet_since`: the last instant at which somebody was there; `None` while it runs."""

    total: timedelta
    running: bool
    full: bool
    quiet_since: datetime | None


def minutes_begun(total: timedelta) -> int:
    """The rule of rounding: all stretches together, each minute begun counts whole; no time at all counts nothing. Pure."""
    return -(-total // MINUTE)


def present(encounter_id: str, who: Participant, rule: MeterRule) -> Metered:
    """A sign of life of one side. The meter runs from now on if the other side is there too and something is left to count."""
    requests.locked(encounter_id)
    found = _catch_up(encounter_id, rule)
    room.arrive(encounter_id, who)
    if not found.running and not found.full and len(_fresh(encounter_id, rule)) == len(_seats(encounter_id)):
        room.segment_started(room.text_session(encounter_id), room.TEXT)
        session().flush()
        return _read(encounter_id, rule)
    return found


def look(encounter_id: str, rule: MeterRule) -> Metered:
    """What the meter shows, after it was stopped where it should have stopped."""
    requests.locked(encounter_id)
    return _catch_up(encounter_id, rule)


def stop(encounter_id: str, rule: MeterRule, reason: str) -> Metered:
    """Stop it now, or where it should have stopped before."""
    requests.locked(encounter_id)
    _catch_up(encounter_id, rule)
    room.segment_ended(room.text_session(encounter_id), reason)
    session().flush()
    return _read(encounter_id, rule)


def total_of(encounter_id: str) -> timedelta:
    """All finished stretches of an encounter together."""
    return sum((row.ended_at - row.started_at for row in _segments(encounter_id) if row.ended_at), ZERO)


def _segments(encounter_id: str) -> list[Segment]:
    query = select(Segment).join(MediaSession, col(MediaSession.id) == Segment.session_id).where(MediaSession.encounter_id == encounter_id)
    query = query.where(Segment.modality == room.TEXT).order_by(col(Segment.started_at), Segment.id)
    return list(session().exec(query.execution_options(populate_existing=True)))


def _seats(encounter_id: str) -> tuple[str, str]:
    """The two who must both be there."""
    row = session().get_one(Encounter, encounter_id)
    return f"patient-{row.person_id}", f"practitioner-{row.practitioner_role_id}"


def _last_seen(encounter_id: str) -> Mapping[str, datetime]:
    """The last sign of life of each seat that ever gave one; who left has none after that."""
    query = select(Presence).where(Presence.encounter_id == encounter_id, col(Presence.participant_id).in_(_seats(encounter_id)))
    rows = session().exec(query.execution_options(populate_existing=True))
    return {row.participant_id: row.left_at or row.last_seen_at for row in rows}


def _fresh(encounter_id: str, rule: MeterRule) -> list[str]:
    query = select(Presence.participant_id).where(
        Presence.encounter_id == encounter_id,
        col(Presence.participant_id).in_(_seats(encounter_id)),
        col(Presence.left_at).is_(None),
        Presence.last_seen_at > clock.now() - rule.silence,
    )
    return list(session().exec(query))


def _catch_up(encounter_id: str, rule: MeterRule) -> Metered:
    """Stop what runs where it should have stopped: at the limit, or when somebody gave their last sign of life."""
    running = next((row for row in _segments(encounter_id) if row.ended_at is None), None)
    if running is None:
        return _read(encounter_id, rule)
    end, why = clock.now(), ""
    if len(_fresh(encounter_id, rule)) < len(_seats(encounter_id)):
        end, why = min(_last_seen(encounter_id).values()), "gone"
    full = running.started_at + max(ZERO, rule.limit - total_of(encounter_id))
    if end >= full:
        end, why = full, "limit"
    if why:
        room.segment_ended(running.session_id, why, max(end, running.started_at))
        session().flush()
    return _read(encounter_id, rule)


def _read(encounter_id: str, rule: MeterRule) -> Metered:
    total, now = ZERO, clock.now()
    rows = _segments(encounter_id)
    for row in rows:
        total += (row.ended_at or max(now, row.started_at)) - row.started_at
    running = any(row.ended_at is None for row in rows)
    seen = [row.ended_at for row in rows if row.ended_at]
    return Metered(min(total, rule.limit), running, total >= rule.limit, None if running else max(seen, default=None))
