"""The queue's share in a demonstration: lines open at any hour, and whoever the plan puts on duty."""

from collections.abc import Sequence

from toubib.contracts.demo import Companion, DemoRole
from toubib.db import database
from toubib_queue import duty, lines

A_YEAR = 365 * 24
"""Hours for which a practitioner of a demonstration is on duty."""


class DemoDuty:
    """Opens every line by hand, and puts roles with `queue = "on duty"` in `demo.toml` on duty."""

    name = "queue"

    def companions(self, app_url: str, data: str) -> Sequence[Companion]:  # noqa: ARG002  the contract's signature
        """No process of its own."""
        return ()

    def seed(self, roles: Sequence[DemoRole]) -> None:
        """Whoever was seeded on duty is not put there again."""
        with database().unit_of_work():
            for line in lines.offered():
                if lines.row(line).stand == "hours":
                    lines.decide(line.key, "open", None)
            for role in roles:
                if role.plan.get("queue") == "on duty" and duty.of(role.id) is None:
                    duty.begin(role.id, A_YEAR)
