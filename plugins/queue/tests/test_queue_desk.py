"""The practitioner's desk and the staff's board over HTTP: who sees whom, taking, coming in, giving back, opening and closing."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlmodel import select

from toubib.contracts.common import Period, Refused
from toubib.contracts.identity import SYSTEM
from toubib.db import database, session
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.directory import Practitioner
from toubib.db.tables.machinery import AuditEvent
from toubib.seams.clock import FixedClock
from toubib.services import agenda, care, missed, requests
from toubib.services.care import AdmissionLine
from toubib.testing.booked import booked
from toubib.testing.practices import practice
from toubib_queue import desk as service
from toubib_queue import duty, lines
from toubib_queue.testing import World, colleague, later, licence, line, mails, place_of, secretary_session


@pytest.fixture
def world(app: Callable[..., Flask], now: FixedClock) -> World:
    assert now.now().tzinfo
    return World.opened(app)


def shows(page: str) -> list[str]:
    """The encounters on a desk, in order."""
    return re.findall(r'id="waits-([0-9a-f]+)"', page)


@pytest.mark.feature("QUEUE-05:a", "QUEUE-05:b")
def test_only_those_whom_they_may_treat_are_shown_and_can_be_taken(app: Callable[..., Flask], now: FixedClock) -> None:
    assert now.now().tzinfo
    world = World.opened(app, line("fr", specialty="01", languages=["fr", "en"]), line("it", territory="IT"))
    with database().unit_of_work():
        fits = colleague(world.made, "fits", languages=("fr",), specialty="01", attributes={"age_groups": "adult child"})
        others = {
            "specialty": colleague(world.made, "eyes", languages=("fr",), specialty="15"),
            "language": colleague(world.made, "english", languages=("en",), specialty="01"),
            "age": colleague(world.made, "babies", languages=("fr",), specialty="01", attributes={"age_groups": "infant"}),
            "profession": colleague(world.made, "nurse", languages=("fr",), specialty="01", profession="nurse"),
            "territory": colleague(world.made, "abroad", languages=("fr",), specialty="01"),
        }
        licence(others["territory"], "IT")
        for made in (fits, *others.values()):
            duty.begin(made.role_id, 8)
    waits = world.waits(key="fr", language="fr")
    desks = {why: world.practitioner(made) for why, made in others.items()}
    for why, stranger in desks.items():
        assert shows(stranger.get("/queue/desk")) == [], why
        assert stranger.send(f"/queue/desk/{waits}/take", "/queue/desk").status_code == 404, why
    mine = world.practitioner(fits)
    assert shows(mine.get("/queue/desk")) == [waits]
    assert mine.send(f"/queue/desk/{waits}/take", "/queue/desk").status_code == 303
    elsewhere = world.waits("Carl", key="it")
    assert shows(desks["territory"].get("/queue/desk")) == [elsewhere]
    assert shows(mine.get("/queue/desk")) == []


@pytest.mark.feature("QUEUE-08:b")
def test_the_answers_are_read_before_taking_and_before_letting_in(world: World) -> None:
    waits = world.waits()
    practitioner = world.practitioner()
    page = practitioner.get("/queue/desk")
    assert "Since Friday, worse at night." in page
    assert "Bearable" in page
    assert "Ada" not in page, "who it is, is not needed to decide"
    with database().reading() as reading:
        assert reading.exec(select(AuditEvent).where(AuditEvent.object_kind == "questionnaire_response")).first(), "reading them is audited"
    practitioner.send(f"/queue/desk/{waits}/take", "/queue/desk")
    with database().unit_of_work(SYSTEM):
        assert care.arrive(waits) is None
    before_admitting = practitioner.get(f"/practice/visits/{waits}")
    assert "Let Ada Test in" in before_admitting
    assert "In their words: Since Friday, worse at night." in before_admitting


@pytest.mark.feature("QUEUE-03:a")
def test_taken_the_patient_is_called_by_mail_in_neutral_words_and_led_to_the_room(world: World) -> None:
    patient = world.patient()
    kept = patient.send("/queue/lines/now", "/queue/lines/now", screen="2", age="adult", area="skin", feeling="0", since="today", words="A rash.")
    mine = patient.send(kept.location, kept.location).location
    encounter = mine.rpartition("/")[2]
    practitioner = world.practitioner()
    taken = practitioner.send(f"/queue/desk/{encounter}/take", "/queue/desk")
    assert taken.location == f"/practice/visits/{encounter}"
    worklist = practitioner.get("/practice")
    assert "From the queue" in worklist
    assert 'href="/queue/desk"' in worklist
    template, address, text = mails()[0]
    assert (template, address) == ("queue.called", "ada@patient.test")
    assert "is ready for you now and waits 5 minutes" in text
    assert "rash" not in text
    assert "skin" not in text.lower()
    assert patient.goes(mine) == f"/visits/{encounter}/room"
    assert 'id="queue-place"' not in patient.get(f"{mine}/state"), "an open page loads itself again, and becomes the room"
    assert world.encounter(encounter).status == "planned"
    link = re.search(r"http\S+(/join/\S+)", text)
    assert link
    guest = world.browser()
    assert guest.send(link[1], link[1]).location == f"/visits/{encounter}/room", "without an account, on another device"
    assert "You are in the waiting room" in guest.get(f"/visits/{encounter}/room")
    assert world.encounter(encounter).status == "arrived"


@pytest.mark.feature("QUEUE-03:a")
def test_whoever_closed_the_page_keeps_the_place_and_is_told_when_next(world: World, now: FixedClock) -> None:
    first = world.waits("Bea")
    world.tick()
    assert mails() == [], "who has just come still looks at the page"
    now.advance(later(1))
    second = world.waits("Carl")
    for minutes in (3, 20):
        now.advance(later(minutes))
        world.tick()
    told = [(template, address) for template, address, _ in mails() if template == "queue.soon"]
    assert told == [("queue.soon", "bea@patient.test")], "the first of the line, once"
    world.practitioner().send(f"/queue/desk/{first}/take", "/queue/desk")
    world.tick()
    assert [address for template, address, _ in mails() if template == "queue.soon"] == ["bea@patient.test", "carl@patient.test"]
    assert world.request(second).status == "active"


def test_seen_and_ended_the_request_is_complete(world: World) -> None:
    waits = world.waits()
    practitioner = world.practitioner()
    practitioner.send(f"/queue/desk/{waits}/take", "/queue/desk")
    with database().unit_of_work(SYSTEM):
        assert care.arrive(waits) is None
        assert care.admit(waits, AdmissionLine(True, "FR", "3 rue des Lilas", "01 99 00 00 01")) is None
        assert care.end(waits) is None
    assert (world.request(waits).status, world.encounter(waits).status) == ("completed", "finished")
    again = world.waits("Bea")
    assert practitioner.send(f"/queue/desk/{again}/take", "/queue/desk").status_code == 303, "what remained of the first visit's time is free again"


def test_a_called_patient_who_does_not_come_waits_for_nobody_any_more(world: World, now: FixedClock) -> None:
    waits = world.waits()
    world.practitioner().send(f"/queue/desk/{waits}/take", "/queue/desk")
    now.advance(later(10))
    with database().unit_of_work(SYSTEM):
        assert missed.patient_did_not_come(waits, ask_fee=False) is None
    assert (world.request(waits).status, world.encounter(waits).status) == ("revoked", "cancelled")


def test_a_practitioner_who_is_ill_finds_their_own_place_among_their_visits(world: World) -> None:
    browser = world.practitioner()
    with database().unit_of_work():
        place = place_of("now", world.made.practitioner_id)
    assert place in browser.get("/visits"), "nobody has taken it yet"


def test_given_back_the_patient_keeps_the_rank_and_is_told(world: World, now: FixedClock) -> None:
    first = world.waits("Bea")
    now.advance(later(1))
    world.waits("Carl")
    practitioner = world.practitioner()
    practitioner.send(f"/queue/desk/{first}/take", "/queue/desk")
    with database().unit_of_work(SYSTEM):
        assert care.arrive(first) is None
    assert "Give this patient back to the queue" in practitioner.get(f"/practice/visits/{first}")
    page = f"/queue/desk/{first}/back"
    assert practitioner.send(page, page).status_code == 422
    assert practitioner.send(page, page, reason="I know the patient").status_code == 303
    assert (world.request(first).status, world.encounter(first).status) == ("active", "planned")
    assert mails()[0][:2] == ("queue.again", "bea@patient.test")
    assert first not in shows(practitioner.get("/queue/desk"))
    with database().unit_of_work():
        other = colleague(world.made, "other")
    assert shows(world.practitioner(other).get("/queue/desk"))[0] == first, "the rank is kept"
    with database().reading() as reading:
        assert reading.exec(select(Appointment)).all() == []
        assert {row.state for row in reading.exec(select(Occupancy)).all()} == {"released"}
    assert practitioner.send(f"/queue/desk/{first}/take", "/queue/desk").status_code == 404


def test_whoever_sits_in_the_room_of_a_visit_given_back_is_led_to_their_place(world: World) -> None:
    patient = world.patient()
    kept = patient.send("/queue/lines/now", "/queue/lines/now", screen="2", age="adult", area="skin", feeling="0", since="today")
    mine = patient.send(kept.location, kept.location).location
    encounter = mine.rpartition("/")[2]
    practitioner = world.practitioner()
    practitioner.send(f"/queue/desk/{encounter}/take", "/queue/desk")
    assert "You are in the waiting room" in patient.get(f"/visits/{encounter}/room")
    practitioner.send(f"/queue/desk/{encounter}/back", f"/queue/desk/{encounter}/back", reason="Not for me")
    assert patient.goes(f"/visits/{encounter}/room") == mine
    assert patient.goes(f"/visits/{encounter}/room/state") == mine
    assert "You are number 1" in patient.get(mine)


def test_queue_and_agenda_never_share_a_practitioners_minutes(world: World, now: FixedClock) -> None:
    with database().unit_of_work():
        visit = booked(world.made, now.now() + later(5))
    waits, page = world.waits(), "/queue/desk"
    practitioner = world.practitioner()
    refused = practitioner.send(f"/queue/desk/{waits}/take", page)
    assert refused.status_code == 409
    assert "Your agenda has a visit in these minutes." in refused.text
    assert world.request(waits).status == "active", "nothing has changed"
    assert practitioner.send(f"/queue/desk/{waits}/take", page, reason="The booked patient agreed").status_code == 303
    with database().reading() as reading:
        beside = reading.exec(select(Occupancy).join(Appointment).where(Appointment.encounter_id == waits)).one()
    assert (beside.lane, beside.override_reason) == (1, "The booked patient agreed")
    assert visit.encounter_id != waits


def test_a_taken_patient_keeps_bookings_out_of_these_minutes(world: World, now: FixedClock) -> None:
    world.practitioner().send(f"/queue/desk/{world.waits()}/take", "/queue/desk")
    with database().unit_of_work():
        wanted = Period(now.now() + later(10), now.now() + later(30))
        assert isinstance(agenda.occupy(world.made.practitioner_id, world.made.organisation_id, wanted, until=None), Refused)
        free = Period(now.now() + later(15), now.now() + later(35))
        assert isinstance(agenda.occupy(world.made.practitioner_id, world.made.organisation_id, free, until=None), str)


def test_the_second_to_press_reads_that_somebody_was_faster(world: World) -> None:
    waits = world.waits()
    with database().unit_of_work():
        other = colleague(world.made, "other")
    late = world.practitioner(other)
    late.get("/queue/desk")
    assert world.practitioner().send(f"/queue/desk/{waits}/take", "/queue/desk").status_code == 303
    with database().unit_of_work():
        refused = requests.take(waits, other.role_id)
    assert refused is requests.TAKEN
    assert late.send(f"/queue/desk/{waits}/take", "/queue/desk").status_code == 404


def test_urgent_patients_stand_first(world: World, now: FixedClock) -> None:
    calm = world.waits("Bea")
    now.advance(later(10))
    urgent = world.waits("Carl", feeling="3", priority=2)
    assert shows(world.practitioner().get("/queue/desk")) == [urgent, calm]


def test_a_desk_that_has_not_changed_reads_nothing(world: World, now: FixedClock) -> None:
    world.waits()
    practitioner = world.practitioner()
    asked = re.search(r'data-tb-refresh="([^"]+)"', practitioner.get("/queue/desk"))
    assert asked
    assert practitioner.client.get(asked[1]).status_code == 204
    now.advance(timedelta(minutes=1))
    assert practitioner.client.get(asked[1]).status_code == 200


def test_duty_is_begun_and_ended_by_a_button(world: World) -> None:
    practitioner = world.practitioner()
    assert "End my duty" in practitioner.get("/queue/desk")
    practitioner.send("/queue/desk/duty", "/queue/desk", duty="end")
    assert "Nobody is on duty at the moment." in world.browser().get("/queue/")
    practitioner.send("/queue/desk/duty", "/queue/desk", duty="begin")
    assert "Open until" in world.browser().get("/queue/")


def test_patients_and_strangers_have_no_desk(world: World) -> None:
    waits = world.waits()
    patient = world.patient("Carl")
    patient.get("/queue/desk", 404)
    patient.get("/queue/board", 404)
    assert patient.send(f"/queue/desk/{waits}/take", "/queue/").status_code == 404
    assert "/sign-in" in world.browser().goes("/queue/desk")


@pytest.mark.feature("QUEUE-10:a", "QUEUE-10:b")
def test_staff_open_and_close_and_see_the_longest_wait_by_territory(app: Callable[..., Flask], now: FixedClock) -> None:
    world = World.opened(app, line("fr"), line("it", territory="IT"))
    with database().unit_of_work():
        licence(world.made, "FR", "IT")
    world.waits("Bea", key="it")
    now.advance(later(12))
    world.waits("Carl", key="fr")
    now.advance(later(4))
    staff = world.staff()
    page = staff.get("/queue/board")
    assert re.findall(r"<h2>(\w+)</h2>\s*<p class=\"tb-lead\">Longest wait: (\d+) min", page) == [("France", "4"), ("Italy", "16")]
    assert staff.send("/queue/board/fr", "/queue/board", stand="closed", capacity="").status_code == 303
    assert "It is closed at the moment." in world.browser().get("/queue/")
    staff.send("/queue/board/fr", "/queue/board", stand="open", capacity="1")
    assert "Every place is taken at the moment." in world.browser().get("/queue/")
    now.advance(timedelta(hours=11))
    staff.send("/queue/board/fr", "/queue/board", stand="open", capacity="7")
    assert "Open now" in world.browser().get("/queue/")
    colleague_of_theirs = world.practitioner()
    assert "Longest wait" in colleague_of_theirs.get("/queue/board")
    assert "/queue/board/fr" not in colleague_of_theirs.get("/queue/board")
    assert colleague_of_theirs.send("/queue/board/fr", "/queue/desk", stand="closed", capacity="").status_code == 404
    assert staff.send("/queue/board/fr", "/queue/board", stand="perhaps", capacity="").status_code == 422
    assert staff.send("/queue/board/fr", "/queue/board", stand="open", capacity="many").status_code == 422
    assert staff.send("/queue/board/fr", "/queue/board", stand="open", capacity="²").status_code == 422


def test_staff_of_another_practice_change_nothing(world: World) -> None:
    with database().unit_of_work():
        token = secretary_session(practice("other").organisation_id)
    stranger = world.browser(token)
    assert "There is no line of the queue where you work." in stranger.get("/queue/board")
    assert stranger.send("/queue/board/now", "/queue/board", stand="closed", capacity="").status_code == 404
    with database().reading():
        assert lines.state(lines.line("now")).open


def test_languages_decide_who_is_offered(world: World) -> None:
    with database().unit_of_work():
        session().get_one(Practitioner, world.made.practitioner_id).languages = ["sv"]
        session().flush()
    waits = world.waits()
    with database().unit_of_work():
        assert service.said(waits)
    assert shows(world.practitioner().get("/queue/desk")) == [waits], "a line that asks for no language excludes nobody"
