"""Booking's share in a demonstration: hours and visit reasons as the deployment's `demo.toml` names them."""

from collections.abc import Mapping, Sequence
from typing import Any

from toubib.contracts.common import Money
from toubib.contracts.demo import Companion, DemoRole
from toubib.contracts.scheduling import Modality
from toubib.db import database
from toubib_booking.editing import ServiceDraft
from toubib_booking.seed import ROUND_THE_CLOCK, Week, seed

HOURS = {
    "always": Week(days=range(7), start=0, end=24 * 60, pause=None, every=15),
    "workdays": Week(),
    "mornings": Week(end=12 * 60, pause=None),
    "afternoons": Week(start=13 * 60, end=19 * 60, pause=None),
    "video_always": ROUND_THE_CLOCK,
}
"""Names of hours that a plan may use."""
CANCEL_UNTIL = {"always": 0}


class DemoAgenda:
    """Opens a schedule for each seeded role."""

    name = "booking"

    def companions(self, app_url: str, data: str) -> Sequence[Companion]:  # noqa: ARG002  the contract's signature
        """No process of its own."""
        return ()

    def seed(self, roles: Sequence[DemoRole]) -> None:
        """Hours and reasons of every role that has none yet."""
        with database().unit_of_work():
            for role in roles:
                hours = str(role.plan.get("hours", "workdays"))
                drafts = [self._draft(reason, role.currency, hours) for reason in role.plan["reasons"]]
                seed(role.id, week=HOURS[hours], services=drafts)

    @staticmethod
    def _draft(reason: Mapping[str, Any], currency: str, hours: str) -> ServiceDraft:
        return ServiceDraft(
            reason["name"],
            reason["minutes"],
            Modality(reason["modality"]),
            Money(reason["price_minor"], currency),
            tuple(reason.get("acts", ())),
            cancel_until_minutes=CANCEL_UNTIL.get(hours, 4 * 60),
        )
