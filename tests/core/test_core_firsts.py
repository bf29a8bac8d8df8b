"""What several people or clicks do for the first time at the same moment: each comes through, and it is done once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier

import pytest
from sqlmodel import select

from toubib.contracts.media import Participant, ParticipantRole
from toubib.db import database, session
from toubib.db.tables.access import Account, Delegation, RoleAssignment
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.people import Person
from toubib.db.tables.room import Note
from toubib.runtime import Toubib
from toubib.seams.clock import FixedClock
from toubib.services import care, delegations, login, room
from toubib.testing.booked import Booked, booked
from toubib.testing.practices import practice

SECRETARY = "secretary@practice.test"


@dataclass(frozen=True, slots=True)
class Here:
    """A booked visit."""

    visit: Booked

    def at_once(self, act: Callable[[], object], times: int = 8) -> None:
        """Do the same in so many units of work at the same moment; whatever fails is raised."""
        together = Barrier(times)

        def one(_: int) -> None:
            together.wait()
            with database().unit_of_work():
                act()

        with ThreadPoolExecutor(times) as threads:
            list(threads.map(one, range(times)))


@pytest.fixture
def here(installation: Callable[..., Toubib], now: FixedClock) -> Here:
    installation("country_fr")
    with database().unit_of_work():
        return Here(booked(practice("marchal", country="FR"), now.now() + timedelta(minutes=5)))


def test_two_windows_of_one_patient_enter_the_room_at_once(here: Here) -> None:
    encounter, who = here.visit.encounter_id, Participant("patient-1", ParticipantRole.PATIENT, "Ada Test")
    here.at_once(lambda: room.arrive(encounter, who))
    with database().reading():
        assert [seat.participant_id for seat in room.present([encounter])[encounter]] == ["patient-1"]


def test_a_note_kept_in_two_windows_at_once_is_one_note(here: Here) -> None:
    encounter = here.visit.encounter_id
    here.at_once(lambda: care.save_note(encounter, "rest and water"))
    with database().reading():
        assert care.note(encounter) == "rest and water"
        assert session().exec(select(Note.version)).all() == [8]


def test_an_agenda_given_by_two_clicks_is_given_once(here: Here) -> None:
    role = here.visit.practice.role_id
    here.at_once(lambda: delegations.give(role, SECRETARY))
    with database().reading():
        assert [helper.email for helper in delegations.of_role(role)] == [SECRETARY]
        for table in (Delegation, NotificationRow):
            assert len(session().exec(select(table)).all()) == 1
        assert session().exec(select(RoleAssignment.role)).all().count("secretary") == 1


def test_an_address_proved_twice_at_once_has_one_account_and_one_person(here: Here) -> None:
    with database().reading():
        before = len(session().exec(select(Person)).all())
    here.at_once(lambda: login.account_for("ada@patient.test", "en"))
    with database().reading():
        assert len(session().exec(select(Account)).all()) == 1
        assert len(session().exec(select(Person)).all()) == before + 1
