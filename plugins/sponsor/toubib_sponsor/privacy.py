"""What the plugin holds on persons: which sponsor took part in their visits. The code itself is a fact of the core."""

from collections.abc import Iterable, Sequence

from sqlmodel import col, select

from toubib.contracts.privacy import ExportedItem
from toubib.db import session
from toubib.db.tables.journey import Encounter
from toubib_sponsor.models import TABLES, Entitlement


class SponsorData:
    """Exports entitlements; erases those that nothing was settled on. Settled ones are bookkeeping and name nobody."""

    name = "sponsor"
    tables = TABLES

    def export(self, person_id: str) -> Iterable[ExportedItem]:
        """Every entitlement of the person's visits."""
        return [ExportedItem("sponsor_entitlement", row.id, row.model_dump_json()) for row in _of(person_id)]

    def erase(self, person_id: str) -> None:
        """Remove what was not settled, and the link between a code and what was."""
        for row in _of(person_id):
            if row.state == "consumed":
                row.code_index = ""
            else:
                session().delete(row)
        session().flush()


def _of(person_id: str) -> Sequence[Entitlement]:
    query = select(Entitlement).join(Encounter, col(Encounter.id) == Entitlement.encounter_id).where(Encounter.person_id == person_id)
    return session().exec(query).all()
