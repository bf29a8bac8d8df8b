"""The scheduler of a deployment that chose none: it offers nothing, so that search and profiles show people without times."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from toubib.contracts.common import Message, Refused
from toubib.contracts.scheduling import BookingPolicy, Hold, Offer, OfferQuery, SchedulerCapabilities, Service

_CLOSED = Refused("closed", Message("toubib", "This time cannot be booked"))


class NoScheduler:
    """Offers nothing and refuses what is asked nevertheless."""

    name = ""
    capabilities = SchedulerCapabilities()

    def services(self, practitioner_role_ids: Sequence[str]) -> Mapping[str, Sequence[Service]]:  # noqa: ARG002  (a contract's signature)
        """None."""
        return {}

    def service(self, service_id: str) -> Service | None:  # noqa: ARG002  (as above)
        """Never one of this scheduler's."""
        return None

    def offers(self, query: OfferQuery) -> Sequence[Offer]:  # noqa: ARG002  (as above)
        """None."""
        return ()

    def earliest(self, service_ids: Sequence[str], after: datetime) -> Mapping[str, datetime]:  # noqa: ARG002  (as above)
        """None."""
        return {}

    def hold(self, service_id: str, start: datetime, until: datetime) -> Hold | Refused:  # noqa: ARG002  (as above)
        """Refused: nothing is open."""
        return _CLOSED

    def move(self, occupancy_id: str, service_id: str, start: datetime) -> Hold | Refused:  # noqa: ARG002  (as above)
        """Refused: nothing is open; what was taken stays."""
        return _CLOSED

    def policy(self, service_id: str) -> BookingPolicy:  # noqa: ARG002  (as above)
        """The rules of nothing."""
        return BookingPolicy(0, None, 0, 0)
