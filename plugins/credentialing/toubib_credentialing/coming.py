"""Coming visits of practitioners who may not act now: what a practice must move or cancel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from toubib.db import session
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.directory import Practitioner, PractitionerRole
from toubib.seams import clock
from toubib.services import standing


@dataclass(frozen=True, slots=True)
class Visit:
    """A booked visit, without its patient."""

    practitioner: str
    starts_at: datetime
    zone: str
    modality: str
    service: str


def affected(organisation_ids: Sequence[str]) -> list[Visit]:
    """Booked visits from now on, at these organisations, with somebody who may not act: whatever source says so."""
    query = (
        select(Appointment, Practitioner)
        .join(PractitionerRole, col(PractitionerRole.id) == Appointment.practitioner_role_id)
        .join(Practitioner, col(Practitioner.id) == PractitionerRole.practitioner_id)
        .where(col(Appointment.organisation_id).in_(organisation_ids), col(Appointment.status).in_(("booked", "arrived")))
        .where(Appointment.starts_at > clock.now(), col(Practitioner.id).not_in(standing.able()))
        .order_by(col(Appointment.starts_at))
    )
    return [Visit(p.display_name, a.starts_at, a.zone, a.modality, a.service_name) for a, p in session().exec(query)]
