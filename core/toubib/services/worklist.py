"""The worklist: whom a practice sees today, who waits, and the past visits of one patient."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.identity import Actor
from toubib.db import session
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.journey import Encounter
from toubib.seams import clock
from toubib.services import people

MINUTE = timedelta(minutes=1)
SOON = timedelta(hours=3)
"""Visits that begin so soon are shown although their day has not begun."""

NEAR = timedelta(hours=36)
"""Further away than this nothing is today, in any zone."""

SHOWN = ("booked", "arrived", "fulfilled", "noshow")
PAST = ("finished", "settled")


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One visit of today's work. `born` is the patient's birth date, `arrived_at` since when they wait."""

    encounter_id: str
    appointment_id: str
    practitioner_role_id: str
    starts_at: datetime
    zone: str
    appointment_status: str
    status: str
    modality: str
    service_name: str
    name: str
    born: date | None
    arrived_at: datetime | None

    @property
    def waits(self) -> bool:
        """Whether the patient is in the waiting room."""
        return self.status == "arrived"


def of_today(actor: Actor) -> list[WorkLine]:
    """The visits of the agendas that the actor runs, who waits first; reading their names is audited."""
    lines = [_line(a, e) for a, e in _rows(actor)]
    return sorted(lines, key=_order)


def glimpse(actor: Actor) -> str:
    """A hash over the states of today's visits, what is late and the minutes waited; reads nothing of any patient."""
    now = clock.now()
    rows = [(e.id, a.status, e.status, a.starts_at, now > a.starts_at, e.arrived_at and (now - e.arrived_at) // MINUTE) for a, e in _rows(actor)]
    return hashlib.sha256(repr(sorted(rows, key=lambda row: row[0])).encode()).hexdigest()[:16]


def _rows(actor: Actor) -> list[tuple[Appointment, Encounter]]:
    return [(a, e) for a, e in session().exec(_query(actor)).all() if _today(a, e)]


def _query(actor: Actor) -> SelectOfScalar[Any]:
    now = clock.now()
    mine = runtime.current().policy.condition(actor, "appointment.manage")
    query: Any = select(Appointment, Encounter).join(Encounter, col(Encounter.id) == Appointment.encounter_id)
    query = query.where(mine, col(Appointment.status).in_(SHOWN), col(Encounter.person_id).is_not(None))
    return query.where(col(Appointment.starts_at) > now - NEAR, col(Appointment.starts_at) < now + NEAR)  # type: ignore[no-any-return]


def _today(appointment: Appointment, encounter: Encounter) -> bool:
    day = appointment.starts_at.astimezone(ZoneInfo(appointment.zone)).date()
    soon = clock.now() <= appointment.starts_at <= clock.now() + SOON
    return day == clock.today(appointment.zone) or soon or encounter.status in ("arrived", "in-progress")


def _line(appointment: Appointment, encounter: Encounter) -> WorkLine:
    known = people.traits(encounter.person_id or "")
    trail.read("appointment", [appointment.id], organisation_id=appointment.organisation_id, person_id=encounter.person_id or "")
    return WorkLine(
        encounter.id,
        appointment.id,
        appointment.practitioner_role_id,
        appointment.starts_at,
        appointment.zone,
        appointment.status,
        encounter.status,
        appointment.modality,
        appointment.service_name,
        known.name,
        known.birth_date,
        encounter.arrived_at,
    )


_RANK = {"in-progress": 0, "arrived": 1, "planned": 2}


def _order(line: WorkLine) -> tuple[int, datetime]:
    """Who is in the room, then who waits longest, then who comes next, then who was seen."""
    return _RANK.get(line.status, 3), line.arrived_at if line.waits and line.arrived_at else line.starts_at


def next_waiting(actor: Actor, but: str) -> WorkLine | None:
    """Who should be seen after the visit `but`: who waits longest. Reading that one name is audited, and nobody else's is read."""
    waiting = [(a, e) for a, e in _rows(actor) if e.status == "arrived" and e.id != but]
    first = min(waiting, key=lambda row: row[1].arrived_at or row[0].starts_at, default=None)
    return _line(*first) if first else None


@dataclass(frozen=True, slots=True)
class PastVisit:
    """A visit that took place."""

    encounter_id: str
    starts_at: datetime
    zone: str
    service_name: str
    modality: str


def history(actor: Actor, person_id: str, but: str) -> Sequence[PastVisit]:
    """A patient's past visits that the actor cared for, newest first. Reading them is audited."""
    query = (
        select(Appointment, Encounter)
        .join(Encounter, col(Encounter.id) == Appointment.encounter_id)
        .where(runtime.current().policy.condition(actor, "encounter.care"), Encounter.person_id == person_id, Encounter.id != but)
        .where(col(Encounter.status).in_(PAST))
        .order_by(col(Appointment.starts_at).desc())
    )
    found = session().exec(query).all()
    for _, encounter in found:
        trail.read("encounter", [encounter.id], organisation_id=encounter.organisation_id, person_id=person_id)
    return [PastVisit(e.id, a.starts_at, a.zone, a.service_name, a.modality) for a, e in found]
