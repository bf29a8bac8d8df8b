"""The patient's pages over HTTP: told before asked, the form and its stop, the place, leaving, the end."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.money import MoneyDue
from toubib.db.tables.requests import ServiceRequest
from toubib.seams.clock import FixedClock
from toubib.services import questionnaires
from toubib_queue import duty, lines, questions
from toubib_queue.testing import ANSWERS, World, later, licence, line


@pytest.fixture
def world(app: Callable[..., Flask], now: FixedClock) -> World:
    assert now.now().tzinfo
    return World.opened(app)


def rows() -> int:
    """How many encounters and requests there are."""
    with database().reading() as reading:
        return len(reading.exec(Encounter.__table__.select()).all()) + len(reading.exec(ServiceRequest.__table__.select()).all())  # type: ignore[attr-defined]


@pytest.mark.feature("QUEUE-01:b")
def test_open_hours_and_the_wait_are_told_before_anything_is_asked(world: World) -> None:
    page = world.browser().get("/queue/")
    assert "Open until 8:00" in page.replace("\u202f", " ")
    assert "somebody is free now" in page
    assert "€25.00" in page
    main = page.split("<main")[1].split("</main>")[0]
    assert "<input" not in main.replace('name="csrf_token"', "")
    assert main.count("tb-button-primary") == 1
    assert 'href="/queue/lines/now"' in main


@pytest.mark.feature("QUEUE-01:b", "QUEUE-09:a", "QUEUE-09:b")
def test_closed_says_when_it_opens_and_whom_to_call(world: World, now: FixedClock) -> None:
    now.advance(timedelta(hours=13))
    page = world.browser().get("/queue/")
    assert "It is closed at the moment." in page
    assert "It opens again: Tuesday" in page
    assert 'href="/queue/lines/now"' not in page
    assert 'href="tel:116117"' in page
    assert 'href="tel:15"' in page
    assert world.browser().goes("/queue/lines/now") == "/queue/"


@pytest.mark.feature("QUEUE-01:b", "QUEUE-09:a", "QUEUE-09:b")
@pytest.mark.parametrize(("what", "said"), [("full", "Every place is taken at the moment."), ("nobody", "Nobody is on duty at the moment.")])
def test_full_and_unstaffed_are_told_with_whom_to_call(world: World, what: str, said: str) -> None:
    with database().unit_of_work():
        if what == "full":
            lines.decide("now", "hours", 0)
        else:
            duty.end(world.made.role_id)
    page = world.browser().get("/queue/")
    assert said in page
    assert 'href="tel:116117"' in page
    assert 'href="tel:15"' in page
    assert 'href="/queue/lines/now"' not in page


@pytest.mark.feature("QUEUE-09:b")
def test_numbers_follow_the_place_and_not_the_deployment(world: World) -> None:
    visitor = world.browser()
    assert "I am in another country" in visitor.get("/queue/")
    abroad = visitor.get("/queue/elsewhere?country=IT")
    assert 'href="tel:112"' in abroad
    main = abroad.split("<main")[1].split("</main>")[0]
    assert 'href="tel:15"' not in main
    assert "Nobody here may treat you in this country now." in main
    assert "No number is known here for this place." in visitor.get("/queue/elsewhere?country=JP")
    assert "No number" not in visitor.get("/queue/elsewhere?country=nowhere")


@pytest.mark.feature("QUEUE-07:a", "QUEUE-07:b")
def test_a_sign_of_an_emergency_stops_the_form_at_once(world: World) -> None:
    patient, page = world.patient(), "/queue/lines/now"
    for sign in questions.SIGNS:
        stopped = patient.send(page, page, sign=sign.key, screen="1")
        assert stopped.status_code == 200
        assert '<section class="tb-emergency"' in stopped.text
        assert 'href="tel:15"' in stopped.text
        assert 'href="tel:116117"' not in stopped.text, "an emergency is not for the doctor on call"
        assert "Nothing was kept and nothing is charged." in stopped.text
        assert "/visits/" not in stopped.text
    late = patient.send(page, page, sign="chest", screen="2", **ANSWERS)
    assert "tb-emergency" in late.text, "a sign counts on every screen"
    assert rows() == 0


@pytest.mark.feature("QUEUE-07:b")
def test_the_number_is_that_of_the_patients_place(app: Callable[..., Flask], now: FixedClock) -> None:
    assert now.now().tzinfo
    world = World.opened(app, line(territory="IT"))
    with database().unit_of_work():
        licence(world.made, "IT")
    stopped = world.browser().send("/queue/lines/now", "/queue/lines/now", sign="chest").text.split("<main")[1].split("</main>")[0]
    assert 'href="tel:112"' in stopped
    assert 'href="tel:15"' not in stopped


@pytest.mark.feature("QUEUE-08:a")
def test_every_sign_and_every_choice_has_a_picture_and_a_word(world: World) -> None:
    visitor = world.browser()
    signs = visitor.get("/queue/lines/now")
    assert signs.count('<svg class="queue-picture"') == len(questions.SIGNS)
    asked = visitor.send("/queue/lines/now", "/queue/lines/now", sign="none", screen="1").text
    with_pictures = [choice for question in questions.ASKED for choice in question.choices if choice.picture]
    assert asked.count('<svg class="queue-picture"') == len(with_pictures)
    for choice in with_pictures:
        label = re.search(rf'<label for="f-[a-z]+-{choice.key}"><svg.*?</svg>\s*<span>([^<]+)</span>', asked, re.DOTALL)
        assert label, choice.key


@pytest.mark.feature("QUEUE-01:a")
def test_a_place_is_taken_without_an_appointment(world: World) -> None:
    patient = world.patient()
    kept = patient.send("/queue/lines/now", "/queue/lines/now", screen="2", **ANSWERS)
    assert kept.status_code == 302
    found = re.fullmatch(r"/visits/([0-9a-f]+)/details", kept.location)
    assert found
    assert world.request(found[1]).status == "draft"
    assert patient.send(kept.location, kept.location).location == f"/queue/places/{found[1]}"
    place = patient.get(f"/queue/places/{found[1]}")
    assert "You are number 1" in place
    row = world.request(found[1])
    assert (row.status, row.territory, row.age_group, row.price_minor) == ("active", "FR", "adult", 2500)
    with database().unit_of_work():
        said = {answer.link_id: answer.answer for answer in questionnaires.of_encounter(found[1])[0].answers}
    chosen = {"age": "An adult", "area": "Head", "feeling": "Bearable", "since": "For a few days"}
    assert said == {"signs": "None of these signs", **chosen, "words": ANSWERS["words"]}
    assert patient.send("/queue/lines/now", "/queue/lines/now", screen="2", **ANSWERS).location == f"/queue/places/{found[1]}", "one place a person"


def test_a_visitor_says_who_they_are_before_their_place_counts(world: World) -> None:
    visitor = world.browser()
    kept = visitor.send("/queue/lines/now", "/queue/lines/now", screen="2", **ANSWERS)
    found = re.fullmatch(r"/visits/([0-9a-f]+)/who", kept.location)
    assert found
    assert "You have a place" in visitor.get("/queue/")
    assert visitor.goes(f"/queue/places/{found[1]}") == "/sign-in?next=/queue/places/" + found[1]
    again = visitor.send("/queue/lines/now", "/queue/lines/now", screen="2", **ANSWERS)
    assert again.location != kept.location
    assert world.request(found[1]).status == "revoked", "beginning again keeps one place"


def test_answers_that_miss_something_are_asked_again_with_what_was_given(world: World) -> None:
    visitor = world.browser()
    answer = visitor.send("/queue/lines/now", "/queue/lines/now", screen="2", **{**ANSWERS, "area": "elsewhere", "words": "x" * 1001})
    assert answer.status_code == 422
    assert "Choose one answer." in answer.text
    assert "Shorten this to 1000 characters." in answer.text
    assert 'value="adult" checked' in answer.text
    assert rows() == 0


def test_a_screen_that_is_no_number_leads_to_the_first_questions(world: World) -> None:
    assert world.browser().send("/queue/lines/now", "/queue/lines/now", screen="²").status_code == 200


def test_one_question_a_screen_carries_the_answers_along(app: Callable[..., Flask], now: FixedClock) -> None:
    assert now.now().tzinfo
    world = World.opened(app, questions="one by one")
    visitor, page = world.browser(), "/queue/lines/now"
    given: dict[str, str] = {}
    text = visitor.send(page, page, sign="none", screen="1").text
    for number, key in enumerate(("age", "area", "feeling", "since", "words"), 2):
        assert f'name="{key}"' in text
        assert all(f'type="hidden" name="{former}" value="{value}"' in text for former, value in given.items())
        given[key] = ANSWERS[key]
        if key != "words":
            text = visitor.send(page, page, screen=str(number), **given).text
    assert visitor.send(page, page, screen="6", **given).location.endswith("/who")
    back = visitor.send(page, page, screen="4", back="1", **given)
    assert 'value="head" checked' in back.text


def test_out_of_scope_is_told_with_whom_to_call(app: Callable[..., Flask], now: FixedClock) -> None:
    assert now.now().tzinfo
    world = World.opened(app, line(languages=["fr", "en", "sv"]))
    refused = world.patient().send("/queue/lines/now", "/queue/lines/now", screen="2", language="sv", **ANSWERS)
    assert refused.status_code == 409
    assert "the age or the language does not fit" in refused.text
    assert 'href="tel:116117"' in refused.text
    assert 'href="tel:15"' in refused.text
    assert rows() == 0


def test_whoever_is_taken_while_the_number_is_asked_reads_that_the_page_has_moved_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = world.patient()
    kept = patient.send("/queue/lines/now", "/queue/lines/now", screen="2", **ANSWERS)
    mine = patient.send(kept.location, kept.location).location
    monkeypatch.setattr(lines, "waiting", lambda _line: [])
    assert patient.get(f"{mine}/state") == patient.client.application.jinja_env.get_template("toubib/room/moved_on.html").render()


@pytest.mark.feature("QUEUE-02:a", "QUEUE-02:b")
def test_the_number_and_the_wait_move_and_are_asked_live(world: World, now: FixedClock) -> None:
    first = world.waits("Bea")
    now.advance(later(1))
    patient = world.patient()
    kept = patient.send("/queue/lines/now", "/queue/lines/now", screen="2", **ANSWERS)
    mine = patient.send(kept.location, kept.location).location
    page = patient.get(mine)
    assert "You are number 2" in page
    assert "About 15 minutes." in page
    asked = re.search(r'data-tb-refresh="([^"]+)" data-tb-every="(\d+)"', page)
    assert asked
    assert int(asked[2]) >= 5
    assert patient.client.get(asked[1].replace("&amp;", "&")).status_code == 204
    practitioner = world.practitioner()
    assert practitioner.send(f"/queue/desk/{first}/take", "/queue/desk").status_code == 303
    live = patient.get(asked[1].replace("&amp;", "&"))
    assert "You are number 1" in live
    assert "About 8 minutes." in live
    assert "You are number 1" in patient.get(mine), "a reload tells the same"


def test_leaving_is_one_press_and_the_place_is_free(world: World) -> None:
    patient = world.patient()
    kept = patient.send("/queue/lines/now", "/queue/lines/now", screen="2", **ANSWERS)
    mine = patient.send(kept.location, kept.location).location
    left = patient.send(f"{mine}/leave", mine)
    assert left.status_code == 303
    assert "You left the queue." in patient.get(mine)
    encounter = world.encounter(mine.rpartition("/")[2])
    assert encounter.status == "cancelled"
    with database().reading():
        assert lines.taken(lines.line("now")) == 0
        assert session().exec(MoneyDue.__table__.select()).all() == []  # type: ignore[attr-defined]


def test_places_of_others_are_nobodys_business(world: World) -> None:
    mine = world.waits("Bea")
    stranger = world.patient("Carl")
    stranger.get(f"/queue/places/{mine}", 404)
    assert stranger.send(f"/queue/places/{mine}/leave", "/queue/").status_code in (404, 400)
    assert world.request(mine).status == "active"
