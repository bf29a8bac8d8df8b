"""Money follows the visit: cancelled, lapsed, booked late, moved."""

from datetime import timedelta

import pytest
from sqlmodel import select

from toubib import runtime
from toubib.contracts.common import Ref
from toubib.contracts.payment import ObservedState
from toubib.db import database
from toubib.db.tables.agenda import Appointment
from toubib.db.tables.money import PaymentAttempt
from toubib.services import dues, payments
from toubib.testing.tills import PURPOSE, Till


def booked(till: Till, status: str = "booked") -> tuple[str, str]:
    """A visit with a due: its encounter and due."""
    encounter = till.visit(2500)
    with database().unit_of_work() as writing:
        due = dues.open_due(till.organisation_id, encounter, PURPOSE, till.person_id, "EUR", 6000)
        row = writing.exec(select(Appointment).where(Appointment.encounter_id == encounter)).one()
        if status != "pending":
            row.status = status
    return encounter, due


def happens(till: Till, event: str, encounter: str) -> None:
    with database().unit_of_work():
        runtime.current().publisher.publish(event, Ref("encounter", encounter), till.organisation_id)
    till.work()


@pytest.mark.feature("PAY-05:a")
@pytest.mark.parametrize("visit_in", [timedelta(days=1), timedelta(days=30)], ids=["authorised", "method saved"])
def test_a_cancelled_visit_releases_what_was_held(till: Till, visit_in: timedelta) -> None:
    encounter, due = booked(till)
    attempt = till.secured(due, visit_in=visit_in)
    for _ in range(2):
        happens(till, "appointment.cancelled", encounter)
    assert (till.view(attempt).status, till.status(due)) == ("voided", "cancelled")
    assert till.provider.of(attempt)[0].state is ObservedState.VOIDED


def test_a_fee_that_was_earned_stays_when_the_visit_is_cancelled_later(till: Till) -> None:
    encounter, due = booked(till)
    attempt = till.secured(due)
    till.settle(due, 1500, "no_show")
    happens(till, "appointment.cancelled", encounter)
    assert (till.view(attempt).status, till.view(attempt).captured.minor, till.status(due)) == ("captured", 1500, "settled")


def test_a_lapsed_hold_closes_the_page(till: Till) -> None:
    encounter, due = booked(till, "lapsed")
    attempt, url = till.begun(due)
    happens(till, "appointment.hold_expired", encounter)
    till.provider.pay(url)
    assert (till.view(attempt).status, till.provider.of(attempt)[0].authorised, till.status(due)) == ("expired", 0, "open")


@pytest.mark.feature("PAY-15:b")
def test_what_was_secured_without_a_booking_goes_back_when_the_hold_lapses(till: Till) -> None:
    encounter, due = booked(till, "lapsed")
    attempt = till.secured(due)
    happens(till, "appointment.hold_expired", encounter)
    assert (till.view(attempt).status, till.status(due)) == ("voided", "cancelled")


@pytest.mark.feature("PAY-15:a")
def test_what_was_booked_late_keeps_its_money(till: Till) -> None:
    encounter, due = booked(till, "lapsed")
    attempt = till.secured(due)
    with database().unit_of_work() as writing:
        writing.exec(select(Appointment).where(Appointment.encounter_id == encounter)).one().status = "booked"
    happens(till, "appointment.hold_expired", encounter)
    assert (till.view(attempt).status, till.status(due)) == ("authorised", "secured")


def test_a_moved_visit_moves_the_day_of_authorisation(till: Till) -> None:
    encounter, due = booked(till)
    attempt = till.secured(due, visit_in=timedelta(days=30))
    with database().unit_of_work() as writing:
        row = writing.exec(select(Appointment).where(Appointment.encounter_id == encounter)).one()
        row.starts_at, row.ends_at = row.starts_at + timedelta(days=60), row.ends_at + timedelta(days=60)
    happens(till, "appointment.moved", encounter)
    with database().reading() as reading:
        moved = reading.get_one(PaymentAttempt, attempt).visit_at
    assert moved == till.clock.now() + timedelta(days=60)
    till.work(minutes=29 * 24 * 60)
    assert till.view(attempt).status == "method_saved"
    assert payments.look(attempt).status == "method_saved"
