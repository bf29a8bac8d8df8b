"""Scheduling: who offers bookable starts, and takes them.

The core owns appointments and occupancy (with the no-overlap constraint); a scheduler owns openings and
rules, and decides what may be offered. A scheduler that is not `transactional` answers later: its
appointments stay *pending* until a fact arrives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from toubib.contracts.common import Localised, Message, Money, Period, Refused


class Modality(StrEnum):
    """How the two meet."""

    VIDEO = "video"
    IN_PERSON = "in_person"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Service:
    """A visit reason (HealthcareService): what a practitioner offers, how long, for how much."""

    id: str
    practitioner_role_id: str
    organisation_id: str
    name: Localised
    minutes: int
    modality: Modality
    price: Money
    act_codes: tuple[str, ...] = ()
    new_patients: bool = True
    known_patients: bool = True


@dataclass(frozen=True, slots=True)
class Offer:
    """A bookable start. `token` is what the scheduler needs to take exactly this one; it is no secret."""

    scheduler: str
    service: Service
    period: Period
    zone: str
    token: str


@dataclass(frozen=True, slots=True)
class OfferQuery:
    """Which starts: of one service, within a window, at most `limit`. Carries no personal data."""

    service_id: str
    window: Period
    limit: int = 200


@dataclass(frozen=True, slots=True)
class Hold:
    """A time taken for a while; `occupancy_id` is the core row that keeps it from others."""

    occupancy_id: str
    offer: Offer
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SchedulerCapabilities:
    """What a scheduler can do. `transactional`: holds and moves within the caller's unit of work."""

    transactional: bool = True
    atomic_move: bool = True
    series: bool = False
    resources: bool = False


class Scheduler(Protocol):
    """A source of bookable starts. All methods but `offers` and `earliest` run inside a unit of work."""

    name: str
    capabilities: SchedulerCapabilities

    def services(self, practitioner_role_ids: Sequence[str]) -> Mapping[str, Sequence[Service]]:
        """Visit reasons on offer, per practitioner role. Batch; unknown ids are absent."""
        ...

    def service(self, service_id: str) -> Service | None:
        """One visit reason; `None` when it is not this scheduler's."""
        ...

    def offers(self, query: OfferQuery) -> Sequence[Offer]:
        """Every start that `hold` would accept now, soonest first. What is offered is bookable and the reverse."""
        ...

    def earliest(self, service_ids: Sequence[str], after: datetime) -> Mapping[str, datetime]:
        """Soonest start per service. Batch; a service without any is absent. Used by search: must be fast."""
        ...

    def hold(self, service_id: str, start: datetime, until: datetime) -> Hold | Refused:
        """Take `start` until `until`, through `toubib.services.agenda.occupy`, in the caller's unit of work.

        Refuses with the broken rule's name: `past`, `off_grid`, `closed`, `break`, `too_soon`, `too_far`,
        `absent`, `taken`. Never commits.
        """
        ...

    def move(self, occupancy_id: str, service_id: str, start: datetime) -> Hold | Refused:
        """Free `occupancy_id` and take `start` instead, atomically; on refusal nothing has changed."""
        ...

    def policy(self, service_id: str) -> "BookingPolicy":
        """The practitioner's rules that the patient reads before booking."""
        ...


@dataclass(frozen=True, slots=True)
class BookingPolicy:
    """Rules of one service: how late one may cancel, what a no-show costs, notice and horizon."""

    cancel_until_minutes: int
    no_show_fee: Money | None
    notice_minutes: int
    horizon_days: int
    note: Message | None = None
