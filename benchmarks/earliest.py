"""The soonest start of each of 200 practitioners, as a page of results asks: in one question, and one by one; with calendars kept, and read anew."""

from datetime import date, timedelta

from installed import installed
from measuring import Size, Way, asked, compare

from toubib.contracts.common import Money, Period
from toubib.contracts.scheduling import OfferQuery, Scheduler
from toubib.db import database
from toubib.seams import clock
from toubib.testing.practices import practice
from toubib_booking.calendars import Calendars
from toubib_booking.scheduler import BookingScheduler
from toubib_booking.seed import consultation, seed

PRACTITIONERS = 200


def services(count: int) -> list[str]:
    """One visit reason each of so many practitioners with a plain week; on the first three days nobody is there but every tenth."""
    with database().unit_of_work():
        return [seed(practice(f"p{n}").role_id, services=[consultation(Money(2500, "EUR"), notice=0 if n % 10 == 0 else 3 * 24 * 60)])[0] for n in range(count)]


def in_one(scheduler: Scheduler, ids: list[str]) -> object:
    """The way of the search."""
    with database().reading():
        return scheduler.earliest(ids, clock.now())


def one_by_one(scheduler: Scheduler, ids: list[str]) -> object:
    """What `earliest` saves: the offers of each, the first of them."""
    with database().reading():
        window = Period(clock.now(), clock.now() + timedelta(days=60))
        offers = {service: scheduler.offers(OfferQuery(service, window, 1)) for service in ids}
        return {service: found[0].period.start for service, found in offers.items() if found}


def _no_holidays(_country: str, _region: str, _year: int) -> frozenset[date]:
    return frozenset()


def run(size: Size) -> None:
    """Compare both pairs."""
    with installed("booking", use={"scheduler": "booking"}) as toubib:
        clock.use(clock.FixedClock(clock.now()))
        ids = services(size.of(PRACTITIONERS))
        kept = Way("in one", lambda: in_one(toubib.scheduler, ids))
        compare(f"earliest of {len(ids)}: in one question, or one by one", size, kept, Way("one by one", lambda: one_by_one(toubib.scheduler, ids)))
        anew = Way("read anew", lambda: in_one(BookingScheduler(Calendars(_no_holidays, PRACTITIONERS)), ids))
        compare(f"earliest of {len(ids)}: calendars kept, or read anew", size, kept, anew)


if __name__ == "__main__":
    run(asked(__doc__ or ""))
