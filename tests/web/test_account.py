"""One's own account over HTTP: devices by name, and who read the record, day by day."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyotp import TOTP

from toubib.audit import trail
from toubib.contracts.common import Ref
from toubib.contracts.identity import Actor, ActorKind
from toubib.db import database
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.services import enrolment
from toubib.testing.booked import Booked, booked, patient_session
from toubib.testing.practices import practice
from toubib.web import devices

ENGLISH = {"Accept-Language": "en"}
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"


@pytest.fixture
def visit(app: Callable[..., Flask], now: FixedClock) -> tuple[Flask, Booked]:
    made = app(journeys={"booked": {"steps": []}})
    with database().unit_of_work():
        return made, booked(practice(), now.now() + timedelta(minutes=20))


def signed_in(made: Flask, visit: Booked) -> FlaskClient:
    client = made.test_client()
    with database().unit_of_work():
        client.set_cookie("tb_session", patient_session(visit))
    return client


@pytest.mark.parametrize(
    ("announced", "name"),
    [(FIREFOX, "Firefox on Windows"), (EDGE, "Edge on Windows"), (PHONE, "Safari on iPhone"), ("curl/8.0", "Unknown browser"), ("", "Unknown browser")],
)
def test_a_browser_has_a_name_that_people_know(visit: tuple[Flask, Booked], announced: str, name: str) -> None:
    made, _booked = visit
    with made.test_request_context(headers=ENGLISH):
        assert devices.name(announced) == name


def test_somebody_newly_enrolled_sets_up_their_second_factor_in_their_own_time(visit: tuple[Flask, Booked]) -> None:
    """Until the first right code, the page goes on showing the key: it may be reloaded, and a code mistyped."""
    made, of = visit
    client = signed_in(made, of)
    with database().unit_of_work():
        enrolment.enrol(of.person_id, of.practice.organisation_id, enrolment.Profile("Ada Test", "physician"))
    path = "/sign-in/second-factor"
    first, again = (client.get(path, headers=ENGLISH).text for _time in range(2))
    key, token = (re.findall(pattern, first)[0] for pattern in (r"<code>(\w{32})</code>", r'name="csrf_token" value="([0-9a-f]+)"'))
    assert key in again
    wrong = client.post(path, data={"csrf_token": token, "code": "000000"}, headers=ENGLISH)
    assert (wrong.status_code, key in wrong.text) == (422, True)
    done = client.post(path, data={"csrf_token": token, "code": TOTP(key).at(clock.now())}, headers=ENGLISH)
    assert len(re.findall(r"\d{5}-\d{5}", done.text)) == 8, "the codes for a lost telephone are shown once, now"
    assert key not in client.get(path, headers=ENGLISH).text


@pytest.mark.feature("REC-05:c")
def test_the_access_log_says_each_reader_once_a_day(visit: tuple[Flask, Booked], now: FixedClock) -> None:
    made, of = visit
    reader = Actor(ActorKind.USER, "account", of.practice.practitioner_id)
    for _minute in range(30):
        now.advance(timedelta(minutes=1))
        with database().unit_of_work(reader):
            trail.read("encounter", [of.encounter_id], person_id=of.person_id)
            trail.read("person", [of.person_id], person_id=of.person_id)
    now.advance(timedelta(days=1))
    with database().unit_of_work(reader):
        trail.read("chat", [of.encounter_id], person_id=of.person_id)
    page = signed_in(made, of).get("/account/access", headers=ENGLISH).text
    assert [re.sub("<[^>]+>", "", day) for day in re.findall(r"<h2>(.*?)</h2>", page)] == ["Tuesday 3 March 2026", "Monday 2 March 2026"]
    assert page.count("Dr Praxis") - page.count("Dr Praxis, entry by entry") == 2, "once a day, however often they read"
    assert re.search(r"60 times", page)
    assert re.search(r"<dd>Visit, Identity</dd>|<dd>Identity, Visit</dd>", page)


def test_older_rows_follow_on_another_page(visit: tuple[Flask, Booked], now: FixedClock) -> None:
    made, of = visit
    client = signed_in(made, of)
    with database().unit_of_work(Actor(ActorKind.JOB, "job")):
        trail.read("chat", [of.encounter_id], person_id=of.person_id)
    now.advance(timedelta(minutes=1))
    with database().unit_of_work(Actor(ActorKind.JOB, "job")):
        for _time in range(500):
            trail.wrote("note", Ref("encounter", of.encounter_id), person_id=of.person_id)
    page = client.get("/account/access", headers=ENGLISH).text
    assert "500 times" in page
    assert "Messages" not in page
    older = re.search(r'href="(/account/access\?[^"]*before=[^"]+)"', page)
    assert older
    assert "Messages" in client.get(older[1].replace("&amp;", "&"), headers=ENGLISH).text
    assert client.get("/account/access?before=nonsense", headers=ENGLISH).status_code == 200
