"""The life of a visit: held, booked, lapsed, retaken, moved, cancelled, and the states it may not take."""
# ruff: noqa: S608  table and column names come from the schema itself

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from toubib.contracts.common import Money, Period, Refused
from toubib.contracts.identity import Actor, ActorKind, Role
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database, session
from toubib.db.states import MACHINES
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.journey import Encounter
from toubib.runtime import Toubib, current
from toubib.seams.clock import FixedClock
from toubib.services import care, visits
from toubib.services.care import AdmissionLine
from toubib.testing.practices import patient_session, practice, practitioner_session
from toubib_booking.seed import consultation, seed

SETTINGS = {"use": {"scheduler": "booking"}, "journeys": {"booked": {"steps": []}}}


@dataclass
class Desk:
    """A practitioner with free times, a patient, and the clock."""

    service: str
    person: str
    now: FixedClock

    @property
    def patient(self) -> Actor:
        return Actor(ActorKind.USER, "account", self.person)

    def free(self) -> list[datetime]:
        with database().reading():
            window = Period(self.now.now(), self.now.now() + timedelta(days=3))
            return [offer.period.start for offer in current().scheduler.offers(OfferQuery(self.service, window, 500))]

    def hold(self, start: datetime) -> str:
        with database().unit_of_work(self.patient):
            held = visits.hold(self.service, start, "a browser")
            assert not isinstance(held, Refused)
            visits.adopt(held, self.person)
        return held

    def confirm(self, encounter: str) -> Refused | None:
        with database().unit_of_work(self.patient):
            return visits.confirm(encounter)

    def cancel(self, encounter: str) -> Refused | None:
        with database().unit_of_work(self.patient):
            return visits.cancel(encounter, "patient")

    def move(self, encounter: str, start: datetime) -> Refused | None:
        with database().unit_of_work(self.patient):
            return visits.move(encounter, self.service, start)

    def stands(self, encounter: str) -> tuple[str, str]:
        """Status of appointment and encounter."""
        with database().reading():
            found = visits.visit(encounter)
            return found.appointment_status, found.status

    def booked(self, start: datetime) -> str:
        encounter = self.hold(start)
        assert self.confirm(encounter) is None
        return encounter


@pytest.fixture
def desk(installation: Callable[..., Toubib], now: FixedClock) -> Desk:
    installation("booking", **SETTINGS)
    with database().unit_of_work():
        made = practice()
        service = seed(made.role_id, services=[consultation(Money(2500, "EUR"), notice=0)])[0]
        practitioner_session(made)
        person, _ = patient_session()
    return Desk(service, person, now)


@pytest.mark.feature("BOOK-04:b")
def test_a_hold_lapses_and_its_time_is_offered_again(desk: Desk) -> None:
    start = desk.free()[30]
    encounter = desk.hold(start)
    assert start not in desk.free()
    desk.now.advance(timedelta(minutes=14, seconds=59))
    visits.expire_holds({})
    assert desk.stands(encounter) == ("pending", "planned")
    assert start not in desk.free()
    desk.now.advance(timedelta(seconds=1))
    assert start in desk.free(), "free at once, before any job ran"
    visits.expire_holds({})
    visits.expire_holds({})
    assert desk.stands(encounter) == ("lapsed", "planned")
    assert start in desk.free()


@pytest.mark.parametrize("swept", [False, True])
def test_a_lapsed_hold_takes_its_time_again_if_it_is_free(desk: Desk, swept: bool) -> None:  # noqa: FBT001  a parameter of the test
    start = desk.free()[30]
    encounter = desk.hold(start)
    desk.now.advance(timedelta(minutes=16))
    if swept:
        visits.expire_holds({})
    assert desk.confirm(encounter) is None
    assert desk.stands(encounter) == ("booked", "planned")
    assert start not in desk.free()
    assert desk.confirm(encounter) is None, "twice is once"


@pytest.mark.feature("BOOK-02:b")
@pytest.mark.parametrize("swept", [False, True])
def test_a_lapsed_hold_whose_time_went_to_another_is_refused(desk: Desk, swept: bool) -> None:  # noqa: FBT001  a parameter of the test
    start = desk.free()[30]
    late = desk.hold(start)
    desk.now.advance(timedelta(minutes=16))
    if swept:
        visits.expire_holds({})
    winner = desk.booked(start)
    refused = desk.confirm(late)
    assert isinstance(refused, Refused)
    assert refused.rule == "taken"
    assert desk.stands(winner) == ("booked", "planned")
    assert desk.stands(late)[0] in ("pending", "lapsed")
    with database().reading():
        rows = session().exec(select(Occupancy).where(col(Occupancy.state).in_(("held", "taken")))).all()
    assert len(rows) == 1


def test_a_lapsed_hold_of_a_time_that_passed_is_refused(desk: Desk) -> None:
    encounter = desk.hold(desk.free()[0])
    desk.now.advance(timedelta(hours=9))
    assert isinstance(desk.confirm(encounter), Refused)


@pytest.mark.feature("BOOK-07:b")
def test_cancelling_frees_the_time_at_once_and_for_good(desk: Desk) -> None:
    start = desk.free()[30]
    encounter = desk.booked(start)
    assert desk.cancel(encounter) is None
    assert start in desk.free()
    assert desk.stands(encounter) == ("cancelled", "cancelled")
    assert desk.cancel(encounter) is None
    assert isinstance(desk.confirm(encounter), Refused)
    assert isinstance(desk.move(encounter, desk.free()[40]), Refused)
    assert desk.booked(start)


@pytest.mark.feature("BOOK-08:b")
def test_a_refused_move_changes_nothing_and_a_good_one_everything(desk: Desk) -> None:
    old, new, taken = desk.free()[30], desk.free()[36], desk.free()[42]
    encounter = desk.booked(old)
    desk.booked(taken)
    for wrong in (taken, desk.now.now() - timedelta(hours=1), new + timedelta(minutes=7), new + timedelta(days=400)):
        assert isinstance(desk.move(encounter, wrong), Refused)
        with database().reading():
            assert visits.visit(encounter).starts_at == old
        assert old not in desk.free()
    assert desk.move(encounter, new) is None
    assert old in desk.free()
    assert new not in desk.free()


@pytest.mark.feature("BOOK-09:a")
def test_the_cut_off_binds_the_patient_and_not_the_practice(desk: Desk) -> None:
    start = next(s for s in desk.free() if s > desk.now.now() + timedelta(hours=24))
    encounter = desk.booked(start)
    with database().reading():
        minutes = current().scheduler.policy(desk.service).cancel_until_minutes
    desk.now.advance(start - timedelta(minutes=minutes) - desk.now.now() + timedelta(seconds=1))
    assert isinstance(desk.cancel(encounter), Refused)
    stranger = Actor(ActorKind.USER, "x", desk.person, practice_roles_of_another())
    with database().unit_of_work(stranger):
        refused = visits.cancel(encounter, "patient")
    assert isinstance(refused, Refused)
    assert refused.rule == "too_late", "staff of another practice is a patient here"
    with database().unit_of_work():
        assert visits.cancel(encounter, "practice", "the doctor is ill") is None


def practice_roles_of_another() -> tuple[Role, ...]:
    return (Role("practitioner", "another practice", "another role"),)


def test_a_visit_that_began_is_not_cancelled_by_the_patient(desk: Desk) -> None:
    encounter = desk.booked(desk.free()[0])
    with database().unit_of_work():
        assert care.arrive(encounter) is None
        assert care.admit(encounter, AdmissionLine(True, "", "here", "01 99 00 00 01")) is None
    refused = desk.cancel(encounter)
    assert isinstance(refused, Refused)
    assert refused.rule == "state"
    assert desk.stands(encounter)[1] == "in-progress"
    with database().unit_of_work():
        assert care.end(encounter) is None
    assert isinstance(desk.cancel(encounter), Refused)
    assert desk.stands(encounter) == ("fulfilled", "finished")


@pytest.mark.parametrize("machine", ["appointment", "encounter"])
def test_the_database_takes_the_legal_moves_and_no_other(desk: Desk, machine: str) -> None:
    states = sorted(MACHINES[machine].states)
    encounter = desk.hold(desk.free()[30])
    key = "id" if machine == "encounter" else "encounter_id"
    trigger = f"{machine}_moves"
    off = f"DROP TRIGGER {trigger}" if database().engine.dialect.name == "sqlite" else f"ALTER TABLE {machine} DISABLE TRIGGER {trigger}"
    with database().reading() as reading:
        made = reading.execute(text(f"SELECT sql FROM sqlite_master WHERE name = '{trigger}'")).scalar() if "DROP" in off else None
    on = made or f"ALTER TABLE {machine} ENABLE TRIGGER {trigger}"
    for before, after in product(states, states):
        if before == after:
            continue
        with database().unit_of_work() as work:
            work.execute(text(off))
            work.execute(text(f"UPDATE {machine} SET status = :state WHERE {key} = :id"), {"state": before, "id": encounter})
            work.connection().exec_driver_sql(str(on))
        legal = MACHINES[machine].allows(before, after)
        with nullcontext() if legal else pytest.raises(DBAPIError, match="illegal_state"), database().unit_of_work() as work:
            work.execute(text(f"UPDATE {machine} SET status = :state WHERE {key} = :id"), {"state": after, "id": encounter})


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.sampled_from(["hold", "confirm", "cancel", "move", "wait", "sweep"]), st.integers(0, 5)), min_size=4, max_size=14))
def test_whatever_is_done_offered_and_taken_never_meet(desk: Desk, acts: list[tuple[str, int]]) -> None:
    made: list[str] = []
    for act, number in acts:
        if act == "hold":
            made.append(desk.hold(desk.free()[number * 3 + 20]))
        elif act == "wait":
            desk.now.advance(timedelta(minutes=4 * number))
        elif act == "sweep":
            visits.expire_holds({})
        elif made:
            chosen = made[number % len(made)]
            if act == "move":
                desk.move(chosen, desk.free()[number + 20])
            else:
                getattr(desk, act)(chosen)
    offered = set(desk.free())
    for encounter in made:
        with database().reading():
            found = visits.visit(encounter)
            appointment = session().exec(select(Appointment).where(Appointment.encounter_id == encounter)).one()
            occupancy = session().get_one(Occupancy, appointment.occupancy_id)
            assert session().get_one(Encounter, encounter).status == found.status
        if found.appointment_status == "booked":
            assert occupancy.state == "taken"
            assert found.starts_at not in offered
        if found.appointment_status == "cancelled":
            assert occupancy.state not in ("held", "taken")
