"""No state follows another unless its machine says so: neither through the services' `move` nor past them, in the database."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from toubib.db import Table, database
from toubib.db.states import MACHINES, IllegalMove, Machine, move
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.claims import Claim
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.db.tables.people import Person
from toubib.db.tables.prescriptions import Prescription
from toubib.db.tables.requests import ServiceRequest
from toubib.runtime import Toubib
from toubib.seams import clock, randomness
from toubib.testing.practices import Practice, practice

INVENTED = "invented"


class Rows:
    """Makes a row of each machine, with all that it refers to."""

    def __init__(self, writing: Session, made: Practice) -> None:
        self.writing, self.made = writing, made
        self.person = self.kept(Person(locale="fr", zone="Europe/Paris"))
        self.encounter = self.kept(Encounter(organisation_id=made.organisation_id, journey="booked", locale="fr", person_id=self.person.id))
        start = clock.now()
        self.time: dict[str, Any] = {"starts_at": start, "ends_at": start + timedelta(minutes=15)}
        self.due = self.kept(self.money_due("open"))

    def kept(self, row: Any) -> Any:
        self.writing.add(row)
        self.writing.flush()
        return row

    def appointment(self, status: str) -> Appointment:
        own: dict[str, Any] = {"organisation_id": self.made.organisation_id}
        taken = self.kept(Occupancy(**own, subject=randomness.new_id(), **self.time))
        more: dict[str, Any] = {"scheduler": "test", "service_id": "s", "zone": "UTC", "wall_intent": "", "modality": "video"}
        more |= {"price_minor": 0, "currency": "EUR"}
        return Appointment(
            **own, encounter_id=self.encounter.id, practitioner_role_id=self.made.role_id, occupancy_id=taken.id, status=status, **self.time, **more
        )

    def encounter_(self, status: str) -> Encounter:
        return Encounter(organisation_id=self.made.organisation_id, journey="booked", locale="fr", status=status)

    def money_due(self, status: str) -> MoneyDue:
        return MoneyDue(organisation_id=self.made.organisation_id, purpose="test", currency="EUR", max_minor=100, status=status)

    def payment_attempt(self, status: str) -> PaymentAttempt:
        own: dict[str, Any] = {"organisation_id": self.made.organisation_id, "due_id": self.due.id, "key": randomness.new_id(), "expires_at": clock.now()}
        return PaymentAttempt(**own, provider="test", mode="authorise", amount_minor=100, currency="EUR", locale="fr", status=status)

    def claim(self, status: str) -> Claim:
        return Claim(organisation_id=self.made.organisation_id, person_id=self.person.id, pack="test", grouping_key=randomness.new_id(), status=status)

    def prescription(self, status: str) -> Prescription:
        own: dict[str, Any] = {"organisation_id": self.made.organisation_id, "encounter_id": self.encounter.id, "person_id": self.person.id}
        return Prescription(**own, practitioner_role_id=self.made.role_id, status=status)

    def service_request(self, status: str) -> ServiceRequest:
        own: dict[str, Any] = {"organisation_id": self.made.organisation_id, "encounter_id": self.kept(self.encounter_("planned")).id}
        return ServiceRequest(**own, plugin="test", service_key="s", service_name="S", price_minor=0, currency="EUR", zone="UTC", status=status)

    def make(self, machine: str, status: str) -> Any:
        """A row of this machine's table in this state, not yet in the database."""
        made: dict[str, Callable[[str], Table]] = {
            "appointment": self.appointment,
            "encounter": self.encounter_,
            "service_request": self.service_request,
            "money_due": self.money_due,
            "payment_attempt": self.payment_attempt,
            "claim": self.claim,
            "prescription": self.prescription,
        }
        return made[machine](status)


def ways(machine: Machine) -> dict[str, list[str]]:
    """The shortest way from a first state to each."""
    found = {state: [state] for state in sorted(machine.first)}
    for _ in machine.states:
        for before, after in sorted(machine.moves):
            if before in found and after not in found:
                found[after] = [*found[before], after]
    return found


@pytest.fixture
def rows(installation: Callable[..., Toubib]) -> Callable[[Session], Rows]:
    installation()
    with database().unit_of_work():
        made = practice()
    return lambda writing: Rows(writing, made)


def test_every_machine_has_a_row_here_and_every_state_can_be_reached() -> None:
    assert all(set(ways(machine)) == machine.states for machine in MACHINES.values())
    assert {"money_due", "payment_attempt", "appointment", "encounter", "claim", "prescription"} <= set(MACHINES)


def put(writing: Session, table: str, row_id: str, state: str) -> None:
    """Change a state past every service."""
    rows = Table.metadata.tables[table]
    writing.execute(rows.update().where(rows.c.id == row_id).values(status=state))


def refused(writing: Session, act: Callable[[], object]) -> bool:
    """Whether the database refuses; the transaction goes on."""
    try:
        with writing.begin_nested():
            act()
    except DBAPIError as error:
        return "illegal_state" in str(error.orig)
    return False


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_the_database_makes_exactly_the_moves_of_the_machine(rows: Callable[[Session], Rows], name: str) -> None:
    machine = MACHINES[name]
    reached = ways(machine)
    with database().unit_of_work() as writing:
        maker = rows(writing)
        for before, after in itertools.product(sorted(machine.states), [*sorted(machine.states), INVENTED]):
            row = maker.kept(maker.make(name, reached[before][0]))
            for state in reached[before][1:]:
                put(writing, name, row.id, state)
            allowed = not refused(writing, partial(put, writing, name, row.id, after))
            assert allowed == (before == after or (before, after) in machine.moves), (before, after)


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_a_row_begins_in_a_first_state_only(rows: Callable[[Session], Rows], name: str) -> None:
    machine = MACHINES[name]
    with database().unit_of_work() as writing:
        maker = rows(writing)
        for state in [*sorted(machine.states), INVENTED]:
            row = maker.make(name, state)
            assert refused(writing, partial(maker.kept, row)) == (state not in machine.first), state


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_a_service_is_refused_before_the_database_is_asked(name: str) -> None:
    machine = MACHINES[name]

    class Row:
        status = ""

    for before, after in itertools.product(sorted(machine.states), [*sorted(machine.states), INVENTED]):
        row = Row()
        row.status = before
        if before == after or (before, after) in machine.moves:
            move(name, row, after)
            assert row.status == after
        else:
            with pytest.raises(IllegalMove):
                move(name, row, after)
            assert row.status == before
