"""What the plugin holds on persons: when practitioners were on duty. Places, answers and money are the core's."""

from collections.abc import Iterable, Sequence

from sqlmodel import col, select

from toubib.contracts.privacy import ExportedItem
from toubib.db import session
from toubib.db.tables.directory import PractitionerRole
from toubib_queue.models import TABLES, DutyRow


class QueueData:
    """Exports and erases the duties of a practitioner."""

    name = "queue"
    tables = TABLES

    def export(self, person_id: str) -> Iterable[ExportedItem]:
        """The duties that are kept."""
        for row in _duties(person_id):
            yield ExportedItem("queue_duty", row.id, row.model_dump_json())

    def erase(self, person_id: str) -> None:
        """Remove them."""
        for row in _duties(person_id):
            session().delete(row)
        session().flush()


def _duties(person_id: str) -> Sequence[DutyRow]:
    roles = select(PractitionerRole.id).where(PractitionerRole.practitioner_id == person_id)
    return session().exec(select(DutyRow).where(col(DutyRow.practitioner_role_id).in_(roles))).all()
