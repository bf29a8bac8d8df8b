"""One order of locks for everything that hangs on one encounter, so that no two units of work wait for each other for ever.

    service request, then appointment (and what it occupies), then encounter, then due (and with it its attempts and orders)

Commands on a visit begin with `visits.locked`, those on a request with `requests.locked`; whoever comes from the money side
(news of a provider, an order, a new price) begins with `dues.locked`, which takes the request and the appointment first. A
visit that is cancelled while its payment is confirmed is then either confirmed and cancelled, or cancelled and released: one
waits for the other, and sees what it did. Claims are built later, by jobs of their own, which lock nothing but claims, in the
order of organisation, pack and grouping key. SQLite has one writer at a time anyhow.
"""

from sqlmodel import select

from toubib.db import session
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.requests import ServiceRequest


def lock_agreement(encounter_id: str) -> None:
    """Lock what was agreed for an encounter until the unit of work ends; holding it already costs nothing."""
    for ids in (
        select(ServiceRequest.id).where(ServiceRequest.encounter_id == encounter_id).order_by(ServiceRequest.id),
        select(Appointment.id).where(Appointment.encounter_id == encounter_id).order_by(Appointment.id),
    ):
        session().exec(ids.with_for_update(key_share=True)).all()
