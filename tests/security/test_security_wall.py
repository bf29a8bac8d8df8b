"""The second wall: a query that forgot its policy gives nothing of organisations that the actor has nothing to do with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, union, update
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from toubib.contracts.identity import ANONYMOUS, SYSTEM, Actor, ActorKind, Role
from toubib.db import across_organisations, database, session, wall
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.directory import Organisation
from toubib.db.tables.journey import Encounter
from toubib.db.tables.people import Chart, RelatedPerson
from toubib.db.tables.room import Note
from toubib.db.types import tables
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services.secrets import fingerprint
from toubib.testing.booked import Booked, booked
from toubib.testing.practices import practice

HOUR = timedelta(hours=1)


@dataclass
class World:
    """Two practices, each with a visit and a note on it."""

    here: Booked
    there: Booked

    @property
    def visits(self) -> set[str]:
        return {self.here.encounter_id, self.there.encounter_id}


@pytest.fixture
def world(installation: Callable[..., Toubib], now: FixedClock) -> World:
    installation()
    with database().unit_of_work():
        here = booked(practice("Here"), now.now() + HOUR)
        there = booked(practice("There"), now.now() + HOUR)
        for visit in (here, there):
            session().add(Note(organisation_id=visit.practice.organisation_id, encounter_id=visit.encounter_id, practitioner_role_id=visit.practice.role_id))
            session().add(Chart(organisation_id=visit.practice.organisation_id, person_id=visit.person_id))
    return World(here, there)


def works_at(visit: Booked, role: str = "secretary") -> Actor:
    return Actor(ActorKind.USER, "account", "somebody", (Role(role, visit.practice.organisation_id, None),), strong=True)


def every(table: Any, actor: Actor) -> set[str]:
    """The planted hole: everything there is, without asking who may see it."""
    with database().reading(actor) as reading:
        return set(reading.exec(select(table.id)).all())


@pytest.mark.parametrize("role", ["practitioner", "secretary", "administrator", "reviewer"])
def test_staff_meet_only_their_own_organisation(world: World, role: str) -> None:
    assert every(Encounter, works_at(world.here, role)) == {world.here.encounter_id}
    assert every(Encounter, works_at(world.there, role)) == {world.there.encounter_id}


def test_a_patient_meets_every_organisation_that_treats_them_and_no_other(world: World) -> None:
    patient = Actor(ActorKind.USER, "account", world.here.person_id)
    assert every(Encounter, patient) == {world.here.encounter_id}
    with database().unit_of_work():
        session().get_one(Encounter, world.there.encounter_id).person_id = world.here.person_id
    assert every(Encounter, patient) == world.visits


def test_whoever_acts_for_a_patient_meets_the_patients_organisation(world: World, now: FixedClock) -> None:
    helper = Actor(ActorKind.USER, "account", world.there.person_id)
    with database().unit_of_work():
        session().add(RelatedPerson(person_id=world.here.person_id, helper_id=world.there.person_id, relation="guardian"))
    now.advance(timedelta(seconds=1))
    assert every(Encounter, helper) == world.visits


def test_a_guest_meets_the_organisation_of_their_link(world: World) -> None:
    guest = Actor(ActorKind.GUEST, "link", encounter_id=world.there.encounter_id)
    assert every(Encounter, guest) == {world.there.encounter_id}


STRANGERS = [ANONYMOUS, Actor(ActorKind.ANONYMOUS, draft_key="another"), Actor(ActorKind.PHARMACIST), Actor(ActorKind.USER, "account", "stranger")]


@pytest.mark.parametrize("actor", STRANGERS)
def test_strangers_meet_nothing(world: World, actor: Actor) -> None:
    assert world.visits
    for table in (Encounter, Appointment, Note, Chart):
        assert every(table, actor) == set()
    assert every(Organisation, actor), "the directory is public"
    assert every(Occupancy, actor), "so are taken times, which name nobody"


def test_a_visitor_meets_what_they_hold_and_what_they_make(world: World) -> None:
    visitor = Actor(ActorKind.ANONYMOUS, draft_key="mine")
    there = world.there.practice.organisation_id
    with database().unit_of_work(visitor) as writing:
        made = Encounter(organisation_id=there, journey="booked", locale="fr", draft_hash=fingerprint("mine"))
        writing.add(made)
        writing.flush()
        assert writing.get(Encounter, made.id, populate_existing=True) is made
    assert made.id in every(Encounter, visitor)
    assert world.here.encounter_id not in every(Encounter, visitor)


def test_the_machine_meets_no_wall(world: World) -> None:
    assert every(Encounter, SYSTEM) == every(Encounter, Actor(ActorKind.JOB, "job")) == world.visits


def test_no_way_of_asking_goes_around(world: World) -> None:
    mine, theirs, other = world.here.encounter_id, world.there.encounter_id, aliased(Encounter)
    with database().reading(works_at(world.here)) as reading:
        assert reading.get(Encounter, theirs) is None
        assert reading.get(Encounter, mine) is not None
        assert reading.exec(select(func.count()).select_from(Encounter)).one() == 1
        assert reading.exec(select(other.id)).all() == [mine]
        assert reading.exec(select(Note.encounter_id, Encounter.id).join(Encounter)).all() == [(mine, mine)]
        visited = select(Organisation.id).where(col(Organisation.id).in_(select(Encounter.organisation_id)))
        assert reading.exec(visited).all() == [world.here.practice.organisation_id]
        both = union(select(Encounter.id), select(Note.encounter_id))
        assert reading.execute(both).all() == [(mine,)]


def test_nothing_of_theirs_is_changed_or_deleted(world: World) -> None:
    with database().unit_of_work(works_at(world.here)) as writing:
        writing.execute(update(Encounter).values(locale="nn"))
        writing.execute(delete(Note))
    with database().reading() as reading:
        assert reading.get_one(Encounter, world.there.encounter_id).locale != "nn"
        assert reading.get_one(Encounter, world.here.encounter_id).locale == "nn"
        assert reading.exec(select(Note.encounter_id)).all() == [world.there.encounter_id]


def test_a_secret_opens_a_way_through_for_as_long_as_it_is_said(world: World) -> None:
    with database().reading(ANONYMOUS) as reading:
        with across_organisations("the code names it"):
            assert set(reading.exec(select(Encounter.id)).all()) == world.visits
        assert reading.exec(select(Encounter.id)).all() == []
        with pytest.raises(ValueError, match="why"), across_organisations(""):
            pass


@contextmanager
def spoken() -> Iterator[list[str]]:
    """Every statement that reaches the database."""
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        heard.append(statement)

    engine = database().engine
    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)


def test_every_table_about_people_is_behind_the_wall(world: World) -> None:
    core = [table for table in tables() if table.__module__.startswith("toubib.db.tables")]
    behind = {str(table.__tablename__) for table in core if wall.walled(table)}
    outside = {str(t.__tablename__) for t in core if "organisation_id" in t.model_fields and not t.global_because} - behind
    assert outside <= {"location", "practitioner_role", "occupancy", "seat", "delegation", "role_assignment", "ledger_account", "payee"}
    for table in core:
        if wall.walled(table):
            with database().reading(works_at(world.here)) as reading, spoken() as heard:
                reading.exec(select(table)).all()
            assert f"{table.__tablename__}.organisation_id IN" in heard[-1], heard


def test_what_a_page_does_not_need_is_not_asked(world: World) -> None:
    with database().reading(works_at(world.here)) as reading, spoken() as heard:
        reading.exec(select(Organisation.name)).all()
        assert len([s for s in heard if "SELECT" in s]) == 1
        reading.exec(select(Encounter.id)).all()
        reading.exec(select(Note.id)).all()
        assert len([s for s in heard if "SELECT" in s]) == 4, "where the actor is known is asked once"
