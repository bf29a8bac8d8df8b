"""The scheduler: offers come from the engine, time is taken through the core's agenda, in the caller's unit of work."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select

from toubib.contracts.common import Message, Money, Period, Refused
from toubib.contracts.scheduling import BookingPolicy, Hold, Modality, Offer, OfferQuery, SchedulerCapabilities, Service
from toubib.db import session
from toubib.db.tables.agenda import Occupancy
from toubib.seams import clock
from toubib.services import agenda
from toubib_booking.calendars import Calendars
from toubib_booking.engine import grid
from toubib_booking.engine.masks import Calendar, paint
from toubib_booking.engine.rules import Limits, Rule
from toubib_booking.engine.starts import Busy, allowed_period, bookable, broken_rule, taken_period
from toubib_booking.models import ScheduleRow, ServiceRow
from toubib_booking.texts import NO_SERVICE, REFUSALS

ALTERNATIVES = 3
FIRST_LOOK = timedelta(days=3)
"""How far `earliest` looks at first; whoever has nothing by then is looked at four times as far, and so on."""

MARGIN = timedelta(days=2)
"""More than a whole UTC day and the longest visit with its buffers."""


@dataclass(frozen=True, slots=True)
class Bookable:
    """All that is needed to say when a service can be booked."""

    service: Service
    limits: Limits
    calendar: Calendar
    subject: str
    """Whose time it takes: the practitioner, in whatever role."""


class BookingScheduler:
    """Bookable starts from weekly hours, exceptions and visit reasons. Transactional; moves are atomic."""

    name = "booking"
    capabilities = SchedulerCapabilities()

    def __init__(self, calendars: Calendars) -> None:
        self._calendars = calendars

    def services(self, practitioner_role_ids: Sequence[str]) -> Mapping[str, Sequence[Service]]:
        """Visit reasons on offer, in the practice's order. A role without any is absent."""
        query = (
            select(ServiceRow)
            .where(col(ServiceRow.practitioner_role_id).in_(practitioner_role_ids), col(ServiceRow.active))
            .order_by(col(ServiceRow.position), col(ServiceRow.minutes), col(ServiceRow.id))
        )
        found: dict[str, list[Service]] = defaultdict(list)
        for row in session().exec(query):
            found[row.practitioner_role_id].append(service_of(row))
        return found

    def service(self, service_id: str) -> Service | None:
        """One visit reason, also a retired one: old appointments refer to it."""
        row = session().get(ServiceRow, service_id)
        return None if row is None else service_of(row)

    def offers(self, query: OfferQuery) -> Sequence[Offer]:
        """Every start that `hold` would accept now, soonest first."""
        known = self._bookable([query.service_id]).get(query.service_id)
        if known is None:
            return []
        starts = bookable(known.calendar, known.limits, _busy_of(known.subject), query.window, clock.now(), limit=query.limit)
        return [self._offer(known, start) for start in starts]

    def earliest(self, service_ids: Sequence[str], after: datetime) -> Mapping[str, datetime]:
        """Soonest start per service at or after an instant. Looks at a few days first, farther for those still without."""
        left = dict(self._bookable(service_ids))
        now, found, look = clock.now(), dict[str, datetime](), FIRST_LOOK
        start = max(after, now)
        horizon = max((allowed_period(known.limits, now).end for known in left.values()), default=start)
        while left and start < horizon:
            window = Period(start, min(start + look, horizon))
            busy = _Prefetched({known.subject for known in left.values()}, window)
            for service_id, known in list(left.items()):
                if first := bookable(known.calendar, known.limits, busy.of(known.subject), window, now, limit=1):
                    found[service_id] = first[0]
                    del left[service_id]
            start, look = window.end, look * 4
        return found

    def hold(self, service_id: str, start: datetime, until: datetime) -> Hold | Refused:
        """Take a start until then. The refusal names the broken rule and brings the next offers."""
        return self._take(service_id, start, until)

    def move(self, occupancy_id: str, service_id: str, start: datetime) -> Hold | Refused:
        """Take `start` instead of what the occupancy takes. The new one is held or final as the old one was.

        For a final one, `expires_at` of the answer is the start of the visit: nothing expires before.
        """
        old = session().get_one(Occupancy, occupancy_id)
        agenda.queue_up(old.subject)
        session().refresh(old)
        if old.state not in agenda.LIVE:
            return Refused(Rule.TAKEN, REFUSALS[Rule.TAKEN])
        until = old.expires_at
        with session().begin_nested() as attempt:
            agenda.free(occupancy_id)
            answer = self._take(service_id, start, until)
            if isinstance(answer, Refused):
                attempt.rollback()
        return answer

    def policy(self, service_id: str) -> BookingPolicy:
        """The rules of a visit reason. Raises `LookupError` for one that is not ours."""
        row = session().get(ServiceRow, service_id)
        if row is None:
            raise LookupError(service_id)
        fee = None if row.no_show_fee_minor is None else Money(row.no_show_fee_minor, row.currency)
        return BookingPolicy(row.cancel_until_minutes, fee, row.notice_minutes, row.horizon_days)

    def _take(self, service_id: str, start: datetime, until: datetime | None) -> Hold | Refused:
        known = self._bookable([service_id]).get(service_id)
        if known is None:
            return Refused(Rule.CLOSED, NO_SERVICE)
        start = start.astimezone(UTC)
        rule = broken_rule(known.calendar, known.limits, _busy_of(known.subject), start, clock.now())
        if rule is not None:
            return self._refused(known, rule, start)
        taken = agenda.occupy(known.subject, known.service.organisation_id, taken_period(known.limits, start), until=until)
        if isinstance(taken, Refused):
            return self._refused(known, Rule.TAKEN, start)
        return Hold(taken, self._offer(known, start), until or start)

    def _refused(self, known: Bookable, rule: Rule, start: datetime) -> Refused:
        """The refusal, with the soonest offers from the wished time on, else the soonest of all."""
        message: Message = REFUSALS[rule]
        allowed = allowed_period(known.limits, clock.now())
        offers: Sequence[Offer] = ()
        if allowed.start < start < allowed.end:
            offers = self.offers(OfferQuery(known.service.id, Period(start, allowed.end), ALTERNATIVES))
        return Refused(rule, message, tuple(offers or self.offers(OfferQuery(known.service.id, allowed, ALTERNATIVES))))

    def _bookable(self, service_ids: Iterable[str]) -> Mapping[str, Bookable]:
        """The active ones among these services whose role has a schedule."""
        query = (
            select(ServiceRow, ScheduleRow.practitioner_id)
            .join(ScheduleRow, col(ScheduleRow.practitioner_role_id) == col(ServiceRow.practitioner_role_id))
            .where(col(ServiceRow.id).in_(set(service_ids)), col(ServiceRow.active))
        )
        rows = session().exec(query).all()
        calendars = self._calendars.of({row.practitioner_role_id for row, _ in rows})
        return {row.id: Bookable(service_of(row), limits_of(row), calendars[row.practitioner_role_id], subject) for row, subject in rows}

    def _offer(self, known: Bookable, start: datetime) -> Offer:
        period = Period(start, start + timedelta(minutes=known.limits.minutes))
        return Offer(self.name, known.service, period, known.calendar.schedule.zone, start.isoformat())


class _Prefetched:
    """The busy times of many subjects around one window, read once and painted once each."""

    def __init__(self, subjects: set[str], window: Period) -> None:
        around = Period(window.start - MARGIN, window.end + MARGIN)
        self._base = grid.floor_tick(around.start)
        self._length = grid.ceil_tick(around.end) - self._base
        self._busy = agenda.busy(sorted(subjects), around)
        self._painted: dict[str, int] = {}

    def of(self, subject: str) -> Busy:
        if subject not in self._painted:
            self._painted[subject] = paint(self._busy[subject], self._base, self._length)
        bits = self._painted[subject]
        return lambda base, length: bits >> (base - self._base) & grid.block(length)


def _busy_of(subject: str) -> Busy:
    def busy(base: int, length: int) -> int:
        window = Period(grid.instant_of(base), grid.instant_of(base + length))
        return paint(agenda.busy([subject], window)[subject], base, length)

    return busy


def service_of(row: ServiceRow) -> Service:
    """A visit reason as it crosses the contract."""
    return Service(
        row.id,
        row.practitioner_role_id,
        row.organisation_id,
        row.name,
        row.minutes,
        Modality(row.modality),
        Money(row.price_minor, row.currency),
        tuple(row.act_codes),
        row.new_patients,
        row.known_patients,
    )


def limits_of(row: ServiceRow) -> Limits:
    """What a visit reason asks of a start."""
    return Limits(row.minutes, Modality(row.modality), row.buffer_before, row.buffer_after, row.notice_minutes, row.horizon_days)
