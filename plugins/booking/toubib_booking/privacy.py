"""What the plugin holds on persons: the hours of practitioners. Patients appear nowhere in its tables."""

from collections.abc import Iterable, Sequence

from sqlmodel import select

from toubib.contracts.privacy import ExportedItem
from toubib.db import session
from toubib.seams import randomness
from toubib_booking.editing import of_role
from toubib_booking.models import TABLES, BreakRow, ExceptionRow, OfRole, OpeningRow, ScheduleRow, ServiceRow

_HOURS: tuple[type[OfRole], ...] = (OpeningRow, BreakRow, ExceptionRow)
_EVERYTHING: tuple[type[OfRole], ...] = (*_HOURS, ServiceRow)


class BookingData:
    """Exports a practitioner's schedules; erases hours and exceptions and closes the visit reasons.

    Visit reasons belong to the practice and stay, closed, since appointments refer to them.
    """

    name = "booking"
    tables = TABLES

    def export(self, person_id: str) -> Iterable[ExportedItem]:
        """Schedules, hours, exceptions and visit reasons of the practitioner."""
        for schedule in _schedules(person_id):
            yield ExportedItem("booking_schedule", schedule.id, schedule.model_dump_json())
            for kind in _EVERYTHING:
                for row in of_role(kind, schedule.practitioner_role_id):
                    yield ExportedItem(str(kind.__tablename__), row.id, row.model_dump_json())

    def erase(self, person_id: str) -> None:
        """Remove when the practitioner worked, and offer nothing more of theirs."""
        for schedule in _schedules(person_id):
            for kind in _HOURS:
                for row in of_role(kind, schedule.practitioner_role_id):
                    session().delete(row)
            for service in of_role(ServiceRow, schedule.practitioner_role_id):
                service.active = False
            schedule.version = randomness.new_id()
        session().flush()


def _schedules(person_id: str) -> Sequence[ScheduleRow]:
    return session().exec(select(ScheduleRow).where(ScheduleRow.practitioner_id == person_id)).all()

