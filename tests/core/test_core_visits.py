"""Visits against what changes while they are held: standing, absence, guards, a race with the job that lapses holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlmodel import select

from toubib import runtime
from toubib.contracts.common import Message, Money, Period, Refused
from toubib.contracts.journey import Command, EncounterView, Phase, StepState, StepStatus, Who
from toubib.contracts.scheduling import OfferQuery
from toubib.db import database, session
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.directory import PractitionerRole, Standing
from toubib.db.tables.journey import Encounter
from toubib.seams.clock import FixedClock
from toubib.services import care, visits
from toubib.steps.base import NoForm
from toubib.testing.practices import Practice, patient_session, practice
from toubib_booking import editing
from toubib_booking.seed import consultation, seed


@dataclass
class Closed(NoForm):
    """A step that is never done."""

    guards: frozenset[Command]
    name: str = "test.closed"
    title: Message = field(default=Message("toubib", "Payment"))
    phase: Phase = Phase.PLAN
    who: Who = Who.STAFF
    endpoint: str | None = None

    def states(self, encounters: Sequence[EncounterView]) -> Mapping[str, StepState]:
        return {e.id: StepState(StepStatus.WAITING) for e in encounters}


@dataclass
class World:
    """A practice that can be booked, and a patient."""

    made: Practice
    service: str
    person_id: str
    now: FixedClock

    def offers(self) -> list[datetime]:
        window = Period(self.now.now(), self.now.now() + timedelta(days=7))
        return [o.period.start for o in runtime.current().scheduler.offers(OfferQuery(self.service, window, 500))]

    def held(self, number: int = 40) -> tuple[str, datetime]:
        with database().unit_of_work():
            start = self.offers()[number]
            encounter = visits.hold(self.service, start, "a browser")
            assert isinstance(encounter, str)
            visits.adopt(encounter, self.person_id)
        return encounter, start

    def barred(self) -> None:
        with database().unit_of_work():
            session().add(Standing(practitioner_id=self.made.practitioner_id, state="suspended", source="test"))

    def confirmed(self, encounter: str) -> Refused | None:
        with database().unit_of_work():
            return visits.confirm(encounter)

    def status(self, encounter: str) -> tuple[str, str]:
        with database().reading():
            found = visits.visit(encounter)
            return found.appointment_status, found.status

    def guard(self, monkeypatch: pytest.MonkeyPatch, *commands: Command) -> None:
        step = Closed(frozenset(commands))
        monkeypatch.setitem(runtime.current().registry.steps, step.name, step)
        monkeypatch.setattr("toubib.services.journey.steps", lambda _journey: [step])


@pytest.fixture
def world(app: Callable[..., Flask], now: FixedClock) -> World:
    app("booking", use={"scheduler": "booking"}, journeys={"booked": {"steps": []}})
    with database().unit_of_work():
        made = practice()
        service = seed(made.role_id, services=[consultation(Money(2500, "EUR"), notice=0)])[0]
        person, _ = patient_session()
    return World(made, service, person, now)


def occupancies() -> int:
    with database().reading() as reading:
        return len(reading.exec(select(Occupancy).where(Occupancy.state == "held")).all())


@pytest.mark.parametrize("how", ["barred", "inactive"])
def test_nobody_is_booked_with_who_may_not_practise(world: World, how: str) -> None:
    if how == "barred":
        world.barred()
    else:
        with database().unit_of_work() as writing:
            writing.get_one(PractitionerRole, world.made.role_id).active = False
    with database().unit_of_work():
        refused = visits.hold(world.service, world.offers()[3], "a browser")
    assert isinstance(refused, Refused)
    assert (refused.rule, occupancies()) == ("not_offered", 0)


def test_a_step_may_guard_holding_and_nothing_stays_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.guard(monkeypatch, Command.HOLD)
    with database().unit_of_work():
        refused = visits.hold(world.service, world.offers()[3], "a browser")
    assert isinstance(refused, Refused)
    with database().reading() as reading:
        left = reading.exec(select(Encounter)).all(), reading.exec(select(Appointment)).all()
    assert (refused.rule, occupancies(), left) == ("test.closed", 0, ([], []))


def test_a_step_may_guard_cancelling(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    encounter, _ = world.held()
    assert world.confirmed(encounter) is None
    world.guard(monkeypatch, Command.CANCEL)
    with database().unit_of_work():
        refused = visits.cancel(encounter, "patient")
    assert refused is not None
    assert (refused.rule, world.status(encounter)) == ("test.closed", ("booked", "planned"))


def test_a_lapsed_hold_is_not_taken_again_into_an_absence(world: World) -> None:
    encounter, start = world.held()
    world.now.advance(timedelta(minutes=16))
    with database().unit_of_work():
        editing.add_absence(world.made.role_id, Period(start - timedelta(hours=1), start + timedelta(hours=1)))
    refused = world.confirmed(encounter)
    assert refused is not None
    assert (refused.rule, world.status(encounter)[0]) == ("absent", "pending")


def test_a_lapsed_hold_is_not_taken_again_with_who_was_barred_since(world: World) -> None:
    encounter, _ = world.held()
    world.now.advance(timedelta(minutes=16))
    world.barred()
    refused = world.confirmed(encounter)
    assert refused is not None
    assert refused.rule == "not_offered"


def test_a_held_time_is_let_go_when_its_practitioner_may_not_act_any_more(world: World) -> None:
    encounter, _ = world.held()
    world.barred()
    refused = world.confirmed(encounter)
    assert refused is not None
    assert refused.rule == "not_offered"
    assert (world.status(encounter)[0], occupancies()) == ("lapsed", 0)
    with database().reading():
        assert visits.visit(encounter).held_until is None


def test_a_lapsed_hold_books_once_while_its_time_is_free(world: World) -> None:
    encounter, start = world.held()
    world.now.advance(timedelta(minutes=16))
    visits.expire_holds({})
    assert world.status(encounter)[0] == "lapsed"
    assert (world.confirmed(encounter), world.confirmed(encounter)) == (None, None)
    visits.expire_holds({})
    assert world.status(encounter)[0] == "booked"
    with database().reading():
        assert start not in world.offers()


def test_what_cannot_be_cancelled_is_not_half_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    encounter, _ = world.held()
    assert world.confirmed(encounter) is None
    with database().unit_of_work():
        assert care.arrive(encounter) is None
    world.guard(monkeypatch, Command.CANCEL)
    with database().unit_of_work():
        refused = care.unsuitable(encounter)
    assert refused is not None
    with database().reading() as reading:
        assert (reading.get_one(Encounter, encounter).ended_at, care.admission(encounter)) == (None, None)


def test_the_moved_visit_is_refused_with_who_was_barred_since(world: World) -> None:
    encounter, start = world.held()
    assert world.confirmed(encounter) is None
    world.barred()
    with database().unit_of_work():
        refused = visits.move(encounter, world.service, world.offers()[60])
    assert refused is not None
    with database().reading():
        assert (refused.rule, visits.visit(encounter).starts_at) == ("not_offered", start)
