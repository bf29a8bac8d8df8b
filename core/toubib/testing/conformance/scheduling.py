"""What every scheduler must do. A plugin's test inherits the class and says what to book:

    class TestBooking(SchedulerContract):
        @pytest.fixture
        def subject(self, installation: Start, now: FixedClock) -> SchedulerSubject:
            ...

The service of the subject must be bookable, more than four times, within the thirty days after the clock of the tests.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from toubib.contracts.common import Period, Refused
from toubib.contracts.scheduling import Hold, Offer, OfferQuery, Scheduler, Service
from toubib.db import database
from toubib.seams import clock
from toubib.services import agenda

RULES = {"past", "off_grid", "closed", "break", "too_soon", "too_far", "absent", "taken"}
MONTH = timedelta(days=30)
A_WHILE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SchedulerSubject:
    """The scheduler under test, and a visit reason of a practitioner role that it can book."""

    scheduler: Scheduler
    service_id: str
    role_id: str


@contextmanager
def undone() -> Iterator[None]:
    """A writing unit of work whose changes are rolled back at the end."""
    with database().unit_of_work() as session, session.begin_nested() as attempt:
        yield
        attempt.rollback()


class SchedulerContract:
    """The promises of `toubib.contracts.scheduling.Scheduler`."""

    @pytest.fixture
    def subject(self) -> SchedulerSubject:
        """The scheduler under test; to be overridden."""
        raise NotImplementedError("give the fixture `subject`")

    def offers(self, subject: SchedulerSubject, limit: int = 200) -> Sequence[Offer]:
        """What is offered now, in a unit of work of its own."""
        with database().reading():
            return subject.scheduler.offers(OfferQuery(subject.service_id, Period(clock.now(), clock.now() + MONTH), limit))

    def service(self, subject: SchedulerSubject) -> Service:
        """The visit reason under test."""
        with database().reading():
            service = subject.scheduler.service(subject.service_id)
        assert service is not None
        return service

    def hold(self, subject: SchedulerSubject, offer: Offer) -> Hold:
        """Hold an offer for a while and commit."""
        with database().unit_of_work():
            held = subject.scheduler.hold(subject.service_id, offer.period.start, clock.now() + A_WHILE)
        assert isinstance(held, Hold), held
        return held

    def test_services_are_found_by_role_and_by_id(self, subject: SchedulerSubject) -> None:
        with database().reading():
            listed = subject.scheduler.services([subject.role_id, "nobody"])
            assert subject.scheduler.service("nothing") is None
        assert "nobody" not in listed
        assert self.service(subject) in listed[subject.role_id]

    def test_offers_are_of_the_service_in_order_and_limited(self, subject: SchedulerSubject) -> None:
        offers = self.offers(subject)
        starts = [offer.period.start for offer in offers]
        assert len(starts) > 4
        assert starts == sorted(set(starts))
        assert self.offers(subject, 3) == offers[:3]
        length = timedelta(minutes=self.service(subject).minutes)
        assert {(o.scheduler, o.service.id, o.period.length) for o in offers} == {(subject.scheduler.name, subject.service_id, length)}
        assert all(offer.period.start.utcoffset() == timedelta() and offer.zone for offer in offers)

    def test_offers_keep_to_the_window(self, subject: SchedulerSubject) -> None:
        offers = self.offers(subject)
        window = Period(offers[1].period.start, offers[3].period.start)
        with database().reading():
            within = subject.scheduler.offers(OfferQuery(subject.service_id, window))
        assert within == [o for o in offers if window.start <= o.period.start < window.end]

    def test_every_offer_can_be_held(self, subject: SchedulerSubject) -> None:
        for offer in self.offers(subject, 20):
            with undone():
                assert isinstance(subject.scheduler.hold(subject.service_id, offer.period.start, clock.now() + A_WHILE), Hold)

    def test_what_is_not_offered_is_refused_with_a_rule_and_a_sentence(self, subject: SchedulerSubject) -> None:
        offers = self.offers(subject)
        step = timedelta(minutes=5)
        gaps = [o.period.start + step for o in offers[:-1] if o.period.start + step not in {other.period.start for other in offers}]
        strange = [clock.now() - timedelta(days=1), offers[0].period.start + timedelta(seconds=1), clock.now() + timedelta(days=4000), *gaps[:10]]
        for start in strange:
            with undone():
                refused = subject.scheduler.hold(subject.service_id, start, clock.now() + A_WHILE)
                assert isinstance(refused, Refused), start
                assert refused.rule in RULES
                assert refused.message.key

    def test_a_refusal_brings_offers_that_can_be_held(self, subject: SchedulerSubject) -> None:
        with undone():
            refused = subject.scheduler.hold(subject.service_id, clock.now() - timedelta(hours=1), clock.now() + A_WHILE)
            assert isinstance(refused, Refused)
            assert refused.rule == "past"
            assert refused.alternatives
            other = refused.alternatives[0]
            assert isinstance(other, Offer)
            assert isinstance(subject.scheduler.hold(subject.service_id, other.period.start, clock.now() + A_WHILE), Hold)

    def test_an_unknown_service_is_refused_and_offers_nothing(self, subject: SchedulerSubject) -> None:
        with database().unit_of_work():
            assert isinstance(subject.scheduler.hold("nothing", clock.now() + timedelta(days=1), clock.now() + A_WHILE), Refused)
            assert list(subject.scheduler.offers(OfferQuery("nothing", Period(clock.now(), clock.now() + MONTH)))) == []
            assert dict(subject.scheduler.earliest(["nothing"], clock.now())) == {}

    def test_the_earliest_is_the_first_offer(self, subject: SchedulerSubject) -> None:
        offers = self.offers(subject)
        with database().reading():
            assert subject.scheduler.earliest([subject.service_id], clock.now()) == {subject.service_id: offers[0].period.start}
            later = subject.scheduler.earliest([subject.service_id], offers[2].period.start)
        assert later == {subject.service_id: offers[2].period.start}

    def test_what_is_held_is_offered_to_nobody_else(self, subject: SchedulerSubject) -> None:
        offer = self.offers(subject, 1)[0]
        held = self.hold(subject, offer)
        assert held.offer.period == offer.period
        assert held.expires_at == clock.now() + A_WHILE
        assert offer not in self.offers(subject)
        with undone():
            again = subject.scheduler.hold(subject.service_id, offer.period.start, clock.now() + A_WHILE)
            assert isinstance(again, Refused)
            assert again.rule == "taken"

    def test_a_hold_that_is_rolled_back_holds_nothing(self, subject: SchedulerSubject) -> None:
        before = self.offers(subject)
        with undone():
            assert isinstance(subject.scheduler.hold(subject.service_id, before[0].period.start, clock.now() + A_WHILE), Hold)
        assert self.offers(subject) == before

    def test_what_is_released_is_offered_at_once(self, subject: SchedulerSubject) -> None:
        before = self.offers(subject)
        held = self.hold(subject, before[0])
        with database().unit_of_work():
            agenda.free(held.occupancy_id)
        assert self.offers(subject) == before

    def test_a_move_frees_the_old_time_and_takes_the_new(self, subject: SchedulerSubject) -> None:
        before = self.offers(subject)
        held = self.hold(subject, before[0])
        with database().unit_of_work():
            moved = subject.scheduler.move(held.occupancy_id, subject.service_id, before[3].period.start)
        assert isinstance(moved, Hold)
        assert moved.offer.period == before[3].period
        after = self.offers(subject)
        assert before[0] in after
        assert before[3] not in after

    def test_a_refused_move_changes_nothing(self, subject: SchedulerSubject) -> None:
        first, other = (self.offers(subject)[n] for n in (0, 4))
        held = self.hold(subject, first)
        self.hold(subject, other)
        before = self.offers(subject)
        with database().unit_of_work():
            refused = subject.scheduler.move(held.occupancy_id, subject.service_id, other.period.start)
        assert isinstance(refused, Refused)
        assert self.offers(subject) == before
        with database().unit_of_work():
            assert agenda.take(held.occupancy_id)

    def test_the_policy_can_be_read_beforehand(self, subject: SchedulerSubject) -> None:
        with database().reading():
            policy = subject.scheduler.policy(subject.service_id)
        assert policy.horizon_days > 0
        assert policy.notice_minutes >= 0
        assert policy.cancel_until_minutes >= 0
