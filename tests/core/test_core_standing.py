"""Standing: one question, asked by the clock, by search and by every command."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from toubib.contracts.journey import Command
from toubib.contracts.prescription import MedicationLine
from toubib.db import database, session
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import care, directory, journey, prescriptions, requests, standing
from toubib.services.care import AdmissionLine
from toubib.testing.booked import Booked, booked
from toubib.testing.practices import Practice, practice

LINE = MedicationLine(text="Paracétamol 1 g", dose="1", timing="midi", duration_days=3)


pytestmark = pytest.mark.usefixtures("now")


@pytest.fixture
def made(installation: Callable[..., Toubib]) -> Practice:
    """A practice whose practitioner the source `test` calls good."""
    installation(journeys={"booked": {"steps": []}})
    with database().unit_of_work():
        return practice()


def may(made: Practice, scope: str = standing.PRACTISE) -> bool:
    """The answer as code, which must be the answer as query."""
    with database().reading():
        answer = standing.may(made.practitioner_id, scope)
        assert answer == (made.practitioner_id in session().exec(standing.able(scope)).all())
        if scope == standing.PRACTISE:
            assert answer == directory.receives(made.role_id) == bool(directory.bookable())
        return answer


def say(made: Practice, state: str, source: str = "test", **more: object) -> None:
    with database().unit_of_work():
        standing.say(made.practitioner_id, state, source=source, **more)  # type: ignore[arg-type]


def test_a_good_word_that_runs_out_bars_by_the_clock_alone(made: Practice, now: FixedClock) -> None:
    say(made, standing.GOOD, "reviewers", valid_to=clock.now() + timedelta(days=1))
    assert may(made)
    now.advance(timedelta(days=1, seconds=-1))
    assert may(made)
    now.advance(timedelta(seconds=1))
    assert not may(made)
    say(made, standing.GOOD, "reviewers")
    assert may(made)


def test_a_suspension_bars_from_its_instant_and_its_end_gives_back_the_word_before(made: Practice, now: FixedClock) -> None:
    say(made, standing.SUSPENDED, valid_from=clock.now() + timedelta(hours=1), valid_to=clock.now() + timedelta(hours=2))
    assert may(made)
    now.advance(timedelta(hours=1))
    assert not may(made)
    now.advance(timedelta(hours=1))
    assert may(made)


def test_one_source_cannot_speak_for_another(made: Practice, now: FixedClock) -> None:
    now.advance(timedelta(minutes=1))
    say(made, standing.SUSPENDED, "reviewers")
    now.advance(timedelta(minutes=1))
    say(made, standing.GOOD, "test")
    assert not may(made)


def test_a_word_on_one_scope_bars_that_scope_only(made: Practice) -> None:
    say(made, standing.SUSPENDED, "register", scope=Command.ISSUE_PRESCRIPTION)
    assert may(made)
    assert may(made, Command.ADMIT)
    assert not may(made, Command.ISSUE_PRESCRIPTION)


def treats_in(made: Practice) -> tuple[str, ...]:
    with database().reading():
        return requests.territories(made.practitioner_id, "FR")


def test_a_licence_is_the_newest_word_on_its_country(made: Practice, now: FixedClock) -> None:
    assert treats_in(made) == ("FR",), "where no licence is recorded, that of the organisation"
    say(made, standing.PENDING, "register", scope="practise:SE")
    assert treats_in(made) == ()
    now.advance(timedelta(days=1))
    say(made, standing.GOOD, "register", scope="practise:SE", valid_to=clock.now() + timedelta(days=300))
    assert treats_in(made) == ("SE",)
    say(made, standing.SUSPENDED, "operator", scope="practise:SE", valid_to=clock.now() + timedelta(days=7))
    assert treats_in(made) == (), "each source is heard"
    now.advance(timedelta(days=7))
    assert treats_in(made) == ("SE",)
    now.advance(timedelta(days=293))
    assert treats_in(made) == (), "one that ran out is no licence, and gives back none"


def test_a_deployment_may_require_a_source(installation: Callable[..., Toubib]) -> None:
    installation(rules={"standing": ["reviewers"]})
    with database().unit_of_work():
        made = practice()
    assert not may(made)
    say(made, standing.GOOD, "reviewers")
    assert may(made)


def _asked(visit: Booked, command: Command) -> bool:
    with database().reading():
        refused = journey.guard(command, journey.view(visit.encounter_id))
        assert refused in (None, standing.BARRED)
        return refused is None


def test_every_command_that_needs_a_practitioner_asks_and_what_winds_up_does_not(made: Practice) -> None:
    with database().unit_of_work():
        visit = booked(made, clock.now() + timedelta(hours=1))
    assert all(_asked(visit, command) for command in Command)
    say(made, standing.SUSPENDED)
    assert {command for command in Command if not _asked(visit, command)} == standing.COMMANDS


def test_the_room_and_the_prescription_are_closed_to_a_suspended_practitioner(made: Practice, now: FixedClock) -> None:
    with database().unit_of_work():
        visit = booked(made, clock.now() + timedelta(minutes=5))
        assert care.arrive(visit.encounter_id) is None
        draft = prescriptions.draft(visit.encounter_id)
        prescriptions.set_lines(draft, [LINE])
    say(made, standing.SUSPENDED)
    with database().unit_of_work():
        assert care.admit(visit.encounter_id, AdmissionLine(True, "FR", "Lyon", "01 99 00 00 01")) == standing.BARRED
        assert prescriptions.issue(draft) == standing.BARRED
    say(made, standing.GOOD, valid_from=clock.now() + timedelta(minutes=1))
    now.advance(timedelta(minutes=1))
    with database().unit_of_work():
        assert care.admit(visit.encounter_id, AdmissionLine(True, "FR", "Lyon", "01 99 00 00 01")) is None
