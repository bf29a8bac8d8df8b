"""The room over HTTP: the mailed link, the wait, the call, the chat, the end, as patient, guest and stranger."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import col, select
from werkzeug.test import TestResponse

from toubib.contracts.identity import SYSTEM
from toubib.contracts.media import Participant, ParticipantRole
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import AuditEvent
from toubib.db.tables.room import ChatMessage, MediaSession
from toubib.seams.clock import FixedClock
from toubib.services import care, room
from toubib.services.care import AdmissionLine
from toubib.testing.booked import Booked, booked, patient_session
from toubib.testing.practices import practice, practitioner_session

ENGLISH = {"Accept-Language": "en"}
STEPS = ["video_webrtc.test", "room.wait", "room.consult"]


@dataclass
class Room:
    """A booked visit of 10:20 in Paris, and browsers around it."""

    app: Flask
    visit: Booked
    clock: FixedClock

    def browser(self, *, patient: bool = False) -> FlaskClient:
        """A browser of its own; signed in as the patient, if asked."""
        client = self.app.test_client()
        if patient:
            with database().unit_of_work():
                client.set_cookie("tb_session", patient_session(self.visit))
        return client

    def guest(self) -> FlaskClient:
        """A browser that opened the mailed link."""
        client = self.browser()
        assert self.open(client).status_code == 302
        return client

    def open(self, client: FlaskClient, token: str = "") -> TestResponse:
        """Press the button of the mailed link."""
        address = f"/join/{token or self.visit.token}"
        return client.post(address, data={"csrf_token": form_token(client.get(address, headers=ENGLISH).text)}, headers=ENGLISH)

    @property
    def address(self) -> str:
        """The room."""
        return f"/visits/{self.visit.encounter_id}/room"

    def status(self) -> str:
        """The encounter's state."""
        with database().reading():
            return session().get_one(Encounter, self.visit.encounter_id).status

    def admit(self) -> None:
        """The practitioner lets the patient in."""
        with database().unit_of_work(SYSTEM):
            assert care.admit(self.visit.encounter_id, AdmissionLine(True, "", "3 rue des Lilas, Testville", "01 99 00 00 01")) is None

    def end(self) -> None:
        """The practitioner ends the consultation."""
        with database().unit_of_work(SYSTEM):
            assert care.end(self.visit.encounter_id) is None

    def practitioner_writes(self, text: str) -> None:
        """The other side of the chat."""
        with database().unit_of_work(SYSTEM):
            room.say(self.visit.encounter_id, Participant("practitioner-1", ParticipantRole.PRACTITIONER, "Dr Praxis"), text)


def form_token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page)
    assert found, page
    return found[1]


@pytest.fixture
def here(app: Callable[..., Flask], now: FixedClock) -> Room:
    made = app("video_webrtc", use={"media": ["video_webrtc"]}, journeys={"booked": {"steps": STEPS}}, site={"telephone": "01 99 00 12 34"})
    with database().unit_of_work():
        visit = booked(practice(), now.now() + timedelta(minutes=20))
    return Room(made, visit, now)


def get(client: FlaskClient, address: str, status: int = 200) -> str:
    response = client.get(address, headers=ENGLISH)
    assert response.status_code == status, response.text
    return response.text


@pytest.mark.feature("ROOM-03:b")
def test_looking_at_the_link_opens_nothing(here: Room) -> None:
    client = here.browser()
    for _ in range(3):
        response = client.get(f"/join/{here.visit.token}", headers=ENGLISH)
        assert "Open the visit" in response.text
        assert not any(c.startswith("tb_guest") for c in response.headers.getlist("Set-Cookie"))
    assert client.head(f"/join/{here.visit.token}").status_code == 200
    get_room = client.get(here.address)
    assert (get_room.status_code, "/sign-in" in get_room.headers["Location"]) == (302, True)
    assert here.status() == "planned"
    assert client.post(f"/join/{here.visit.token}", headers=ENGLISH).status_code == 400, "without the page's own form nothing opens"


@pytest.mark.feature("ROOM-03:a")
def test_the_button_opens_the_visit_without_an_account_and_leads_to_the_test_first(here: Room) -> None:
    client = here.browser()
    response = here.open(client)
    assert response.headers["Location"] == f"/video_webrtc/{here.visit.encounter_id}/test"
    cookie = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith("tb_guest="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert here.visit.token not in cookie, "the browser's key is its own, not the mailed one"
    assert "You are in the waiting room" in get(client, here.address)
    assert here.status() == "arrived"
    get(client, f"/visits/{here.visit.encounter_id}", 404)
    second = here.guest()
    assert "You are in the waiting room" in get(second, here.address), "a second device may come as well"


@pytest.mark.feature("ROOM-03:c")
def test_a_dead_link_says_what_to_do_and_whom_to_call(here: Room) -> None:
    for address in ("/join/unknown", f"/join/{here.visit.token[:-1]}"):
        page = get(here.browser(), address, 410)
        assert "does not open a visit any more" in page
        assert "01 99 00 12 34" in page
    client = here.guest()
    here.clock.advance(timedelta(minutes=20 + 20 + 121))
    assert "does not open a visit any more" in get(here.browser(), f"/join/{here.visit.token}", 410)
    assert client.get(here.address).status_code == 302, "the browser's key dies with the link"


def test_a_link_of_another_person_is_not_spent(here: Room) -> None:
    with database().unit_of_work():
        other = booked(practice("second"), here.clock.now() + timedelta(hours=3), names="Otto Other")
        client = here.browser()
        client.set_cookie("tb_session", patient_session(other))
    response = here.open(client)
    assert response.status_code == 409
    assert "signed in as somebody else" in response.text
    assert here.open(here.browser()).status_code == 302


@pytest.mark.feature("ROOM-02:a", "EASE-06:a", "EASE-06:b")
def test_too_early_it_says_when_it_opens_and_then_becomes_the_waiting_room(here: Room) -> None:
    here.clock.advance(-timedelta(hours=3))
    patient = here.browser(patient=True)
    page = get(patient, here.address)
    assert "The waiting room is not open yet" in page
    assert "Monday 2 March at 9:50" in page
    assert here.status() == "planned"
    here.clock.advance(timedelta(hours=3))
    region = get(patient, f"{here.address}/state")
    assert "You are in the waiting room" in region
    assert "Dr Praxis lets you in at about 10:20" in region
    assert "since" in region
    here.clock.advance(timedelta(minutes=25))
    assert "as soon as the visit before yours has ended" in get(patient, f"{here.address}/state")


@pytest.mark.feature("ROOM-02:a")
def test_each_side_sees_whether_the_other_is_there(here: Room) -> None:
    patient = here.browser(patient=True)
    get(patient, here.address)
    with database().unit_of_work():
        seen = room.present([here.visit.encounter_id])[here.visit.encounter_id]
        assert [(p.role, p.name, p.here) for p in seen] == [(ParticipantRole.PATIENT, "Ada Test", True)]
        room.arrive(here.visit.encounter_id, Participant("practitioner-1", ParticipantRole.PRACTITIONER, "Dr Praxis"))
    assert "Dr Praxis is in the room" in get(patient, f"{here.address}/state")
    here.clock.advance(timedelta(minutes=1))
    with database().reading():
        assert not any(p.here for p in room.present([here.visit.encounter_id])[here.visit.encounter_id])


@pytest.mark.feature("ROOM-01:d")
def test_the_verdict_of_the_device_test_stands_in_the_waiting_room(here: Room) -> None:
    guest = here.guest()
    assert "Not tested yet" in get(guest, here.address)
    token = form_token(get(guest, f"/join/{here.visit.token}"))
    found = {"camera": "ok", "microphone": "failed", "network": "weak"}
    assert guest.post(f"/video_webrtc/{here.visit.encounter_id}/test", json=found, headers={"X-CSRF-Token": token}).status_code == 200
    page = get(guest, here.address)
    assert [re.findall(rf'data-tb-test="{key}" data-state="(\w+)"', page) for key in found] == [["ok"], ["failed"], ["weak"]]
    assert "Test again" in page


@pytest.mark.feature("ROOM-02:b")
def test_only_an_admitted_patient_gets_the_call_and_a_reload_comes_back_to_it(here: Room) -> None:
    guest = here.guest()
    assert 'id="call"' not in get(guest, here.address)
    with database().reading():
        assert session().exec(select(MediaSession)).all() == [], "nobody gets a seat before the admission"
    here.admit()
    assert "waiting-room" not in get(guest, f"{here.address}/state"), "the waiting page loads itself again"
    pages = [get(guest, here.address) for _ in range(2)]
    assert all('id="call"' in p and "data-video-webrtc-call" in p and "3 rue des Lilas" in p for p in pages)
    assert "pane.js" in pages[0]
    with database().reading():
        assert len(session().exec(select(MediaSession)).all()) == 1, "a reload is the same call"


@pytest.mark.feature("ROOM-08:a")
def test_both_sides_write_and_only_what_is_new_is_read(here: Room) -> None:
    patient = here.browser(patient=True)
    get(patient, here.address)
    here.admit()
    page = get(patient, here.address)
    token = form_token(page)
    sent = patient.post(f"{here.address}/chat", data={"csrf_token": token, "message": " <b>Bonjour</b> ", "next": here.address}, headers=ENGLISH)
    assert (sent.status_code, sent.headers["Location"]) == (302, f"{here.address}#chat")
    here.practitioner_writes("Take it after the meal.")
    fresh = get(patient, f"{here.address}/chat?seen=0")
    assert "&lt;b&gt;Bonjour&lt;/b&gt;" in fresh
    assert "Take it after the meal." in fresh
    assert f"{here.address}/chat?seen=2" in fresh
    before = _reads("chat")
    assert patient.get(f"{here.address}/chat?seen=2").status_code == 204
    assert _reads("chat") == before, "nothing new, nothing read, nothing to audit"
    with database().reading():
        bodies = [m.body or b"" for m in session().exec(select(ChatMessage))]
    assert not any(b"meal" in body for body in bodies), "kept encrypted"


def _reads(kind: str) -> int:
    with database().reading():
        return len(session().exec(select(AuditEvent).where(AuditEvent.action == "read", col(AuditEvent.object_kind) == kind)).all())


def test_a_message_that_is_too_long_stays_in_the_field(here: Room) -> None:
    patient = here.browser(patient=True)
    get(patient, here.address)
    here.admit()
    token, long = form_token(get(patient, here.address)), "x" * 4001
    response = patient.post(f"{here.address}/chat", data={"csrf_token": token, "message": long, "next": here.address}, headers=ENGLISH)
    assert response.status_code == 422
    assert "4001 characters" in response.text
    assert long in response.text
    swapped = patient.post(f"{here.address}/chat", data={"csrf_token": token, "message": "short"}, headers={**ENGLISH, "HX-Request": "true"})
    assert (swapped.status_code, swapped.text.count('id="chat"')) == (200, 1)
    evil = patient.post(f"{here.address}/chat", data={"csrf_token": token, "message": "a", "next": "//evil.test"})
    assert evil.headers["Location"] == "/#chat"


def test_leaving_and_coming_back(here: Room) -> None:
    guest = here.guest()
    token = form_token(get(guest, here.address))
    response = guest.post(f"{here.address}/leave", data={"csrf_token": token}, headers=ENGLISH)
    assert "You left the room" in get(guest, response.headers["Location"])
    with database().reading():
        assert not any(p.here for p in room.present([here.visit.encounter_id])[here.visit.encounter_id])
    assert "You are in the waiting room" in get(guest, here.address)
    with database().reading():
        assert all(p.here for p in room.present([here.visit.encounter_id])[here.visit.encounter_id])


def test_after_the_end_it_says_what_follows(here: Room) -> None:
    guest, patient = here.guest(), here.browser(patient=True)
    get(guest, here.address)
    here.admit()
    token = form_token(get(guest, here.address))
    here.end()
    assert "chat-log" not in get(guest, f"{here.address}/chat?seen=0"), "the call's page loads itself again"
    assert "Sign in to see them" in get(guest, here.address)
    assert "See documents and bill" in get(patient, here.address)
    late = guest.post(f"{here.address}/chat", data={"csrf_token": token, "message": "one more thing"}, headers=ENGLISH)
    assert (late.status_code, "was not sent" in late.text) == (409, True)


def test_a_consultation_ends_also_where_its_media_were_taken_off(here: Room) -> None:
    guest = here.guest()
    get(guest, here.address)
    here.admit()
    with database().unit_of_work():
        session_id = room.media_session(here.visit.encounter_id)
        session().get_one(MediaSession, session_id).backend = "taken_off"
        room.segment_started(session_id, "video")
    here.end()
    assert here.status() == "finished"
    with database().reading():
        assert session().get_one(MediaSession, session_id).closed_at == here.clock.now()


def test_no_room_for_strangers_nor_for_visits_that_do_not_take_place(here: Room) -> None:
    with database().unit_of_work():
        made = practice("second")
        other = booked(made, here.clock.now() + timedelta(hours=3), names="Otto Other")
        desk = booked(made, here.clock.now() + timedelta(minutes=10), modality="in_person", names="Ida Inside")
        stranger, inside = here.browser(), here.browser()
        stranger.set_cookie("tb_session", patient_session(other))
        inside.set_cookie("tb_session", patient_session(desk))
    for address in ("", "/state", "/chat", "/left"):
        assert stranger.get(here.address + address).status_code == 404
    assert "takes place at the practice" in get(inside, f"/visits/{desk.encounter_id}/room", 409)
    patient = here.browser(patient=True)
    here.clock.advance(timedelta(hours=4))
    assert "did not take place" in get(patient, here.address, 410)
    assert here.status() == "planned"


def test_a_visit_by_telephone_has_no_picture_and_says_who_calls(here: Room) -> None:
    with database().unit_of_work():
        here.visit = booked(practice("second"), here.clock.now(), modality="phone", names="Pia Phone")
    patient = here.browser(patient=True)
    get(patient, here.address)
    here.admit()
    page = get(patient, here.address)
    assert "The practitioner calls the patient" in page
    assert "call-remote" not in page
    assert 'id="chat"' in page
    with database().reading():
        assert session().exec(select(MediaSession)).all() == []


def test_the_practitioner_is_led_to_their_own_page_and_writes_from_there(here: Room) -> None:
    get(here.guest(), here.address)
    here.admit()
    client = here.browser()
    with database().unit_of_work():
        client.set_cookie("tb_session", practitioner_session(here.visit.practice))
    address = client.get(here.address).headers["Location"]
    assert address == f"/practice/visits/{here.visit.encounter_id}"
    token = form_token(get(client, address))
    sent = client.post(f"{here.address}/chat", data={"csrf_token": token, "message": "Do you hear me?", "next": address}, headers=ENGLISH)
    assert sent.headers["Location"] == f"{address}#chat"
    written = get(here.guest(), f"{here.address}/chat?seen=0")
    assert re.search(r"<strong>Dr Praxis</strong>.*Do you hear me\?", written, re.DOTALL)
    left = client.post(f"{here.address}/leave", data={"csrf_token": token})
    assert left.headers["Location"] == "/practice"
