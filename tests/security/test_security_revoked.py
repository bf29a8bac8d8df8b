"""Access that is taken away while somebody uses it: open sockets end, pages say so, and a newer link works."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import websocket
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from toubib.contracts.identity import Actor, ActorKind
from toubib.db import database, session, vault
from toubib.db.tables.access import Account, AuthSession, JoinLink
from toubib.db.tables.machinery import AuditEvent, NotificationRow
from toubib.seams import clock
from toubib.services import care, invitations, limits, room_links, sessions, visits
from toubib.services.care import AdmissionLine
from toubib.testing.booked import Booked, booked, patient_session
from toubib.testing.http_browser import HttpBrowser
from toubib.testing.practices import practice, practitioner_session
from toubib.testing.servers import servers
from toubib_video_webrtc.conversation import REVOKED

ENGLISH = {"Accept-Language": "en"}
SECTIONS: Mapping[str, Any] = {"use": {"media": ["video_webrtc"]}, "journeys": {"booked": {"steps": ["room.wait", "room.consult"]}}}
Take = Callable[[Booked], None]


@pytest.fixture
def admitted(installation: Callable[..., Any]) -> Booked:
    """A visit whose patient was let in, by the machine's own clock."""
    installation("video_webrtc", **SECTIONS)
    with database().unit_of_work():
        visit = booked(practice(), clock.now() + timedelta(minutes=10))
        assert care.arrive(visit.encounter_id) is None
        assert care.admit(visit.encounter_id, AdmissionLine(True, "", "3 rue des Lilas", "01 99 00 00 01")) is None
    return visit


@pytest.fixture
def port(admitted: Booked, database_url: str, tmp_path: Path) -> Iterator[int]:
    """A server process that shares the database with the test."""
    assert admitted.encounter_id
    with servers(database_url, tmp_path, ["video_webrtc"], SECTIONS, processes=1) as (found,):
        yield found


class Seat:
    """A browser with an open socket in the room."""

    def __init__(self, browser: HttpBrowser, page: str, encounter_id: str) -> None:
        self.browser, self.page, self.encounter_id = browser, page, encounter_id
        self.socket = self.connect(self.token())
        self.hears("welcome")

    def token(self) -> str:
        """A fresh token for a socket, as the page of the call asks for one."""
        renewed = self.browser.post(f"/video_webrtc/{self.encounter_id}/renew", self.page, {})
        assert renewed.status == 200, renewed
        return str(json.loads(renewed.text)["token"])

    def connect(self, token: str) -> Any:
        """Another socket of the same browser, which shows a token."""
        here = f"127.0.0.1:{self.browser.port}"
        made = websocket.create_connection(f"ws://{here}/video_webrtc/socket", timeout=15, origin=f"http://{here}")
        made.send(json.dumps({"type": "join", "token": token, "page": "p"}))
        return made

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hears(self, kind: str) -> dict[str, Any]:
        """The next message of a kind."""
        while True:
            message: dict[str, Any] = json.loads(self.socket.recv())
            if message["type"] == kind:
                return message

    def ended_with(self) -> int:
        """The code with which the server closes the socket; nothing else may come before."""
        opcode, content = self.socket.recv_data()
        assert opcode == websocket.ABNF.OPCODE_CLOSE, content
        return int.from_bytes(content[:2], "big")


@pytest.fixture
def seats(admitted: Booked, port: int) -> Iterator[tuple[Seat, Seat]]:
    """The patient by the mailed link, and the practitioner by a session, both in the call."""
    with database().unit_of_work():
        spent = room_links.spend(admitted.token)
        cookie = practitioner_session(admitted.practice)
    assert spent
    encounter = admitted.encounter_id
    patient = Seat(HttpBrowser(port, cookies={"tb_guest": spent[1]}), f"/visits/{encounter}/room", encounter)
    practitioner = Seat(HttpBrowser(port, cookies={"tb_session": cookie}), f"/practice/visits/{encounter}", encounter)
    patient.hears("peer")
    yield patient, practitioner
    for seat in (patient, practitioner):
        seat.socket.shutdown()


def take_links(visit: Booked) -> None:
    room_links.revoke(visit.encounter_id)


def take_sessions(_visit: Booked) -> None:
    row = session().exec(select(AuthSession)).one()
    sessions.revoke(Actor(ActorKind.USER, row.account_id), row.id)


@pytest.mark.parametrize(("who", "take"), [(0, take_links), (1, take_sessions)], ids=["guest", "practitioner"])
def test_a_socket_whose_right_was_taken_away_is_not_heard_again(seats: tuple[Seat, Seat], admitted: Booked, who: int, take: Take) -> None:
    revoked, other = seats[who], seats[1 - who]
    with database().unit_of_work():
        take(admitted)
    revoked.say(type="sending", audio=False, video=False)
    assert revoked.ended_with() == REVOKED
    assert other.hears("left")["type"] == "left"
    other.say(type="ping")
    assert json.loads(other.socket.recv()) == {"type": "pong"}, "nothing of what the revoked one said came through"
    page = revoked.browser.get(revoked.page)
    assert (page.status, page.location or "link was replaced" in page.text) in [(410, True), (302, f"/sign-in?next={revoked.page}")]


def test_a_silent_socket_ends_too_and_its_unspent_token_opens_nothing(seats: tuple[Seat, Seat], admitted: Booked) -> None:
    patient, _ = seats
    kept = patient.token()
    with database().unit_of_work():
        take_links(admitted)
    assert patient.ended_with() == REVOKED
    again = patient.connect(kept)
    assert json.loads(again.recv()) == {"type": "error", "code": "token"}
    again.shutdown()


# --- links of the mail


@pytest.fixture
def visit(app: Callable[..., Flask], now: clock.FixedClock) -> tuple[Flask, Booked]:
    """A booked visit, and the application."""
    made = app(journeys=SECTIONS["journeys"])
    with database().unit_of_work():
        return made, booked(practice(), now.now() + timedelta(minutes=20))


def guest(app: Flask, token: str) -> FlaskClient:
    """A browser that opened a mailed link."""
    client = app.test_client()
    assert send(client, f"/join/{token}", f"/join/{token}") == 302
    return client


def send(client: FlaskClient, path: str, page: str) -> int:
    """Press the only button of a page that posts there; the status of the answer."""
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get(page, headers=ENGLISH).text)
    assert found, page
    return client.post(path, data={"csrf_token": found[1]}, headers=ENGLISH).status_code


def test_cancelling_takes_every_link_back_and_says_so(visit: tuple[Flask, Booked]) -> None:
    app, booked_visit = visit
    waiting, room = guest(app, booked_visit.token), f"/visits/{booked_visit.encounter_id}/room"
    assert waiting.get(room).status_code == 200
    with database().unit_of_work():
        assert visits.cancel(booked_visit.encounter_id, "practice") is None
    with database().reading():
        assert [row.revoked_at for row in session().exec(select(JoinLink)) if row.revoked_at is None] == []
        assert "revoke_links" in session().exec(select(AuditEvent.action)).all()
    for client, address in ((waiting, room), (app.test_client(), f"/join/{booked_visit.token}")):
        page = client.get(address, headers=ENGLISH)
        assert (page.status_code, "This visit is cancelled" in page.text, "Choose another time" in page.text) == (410, True, True)
    assert waiting.get("/visits/another/room", headers=ENGLISH).status_code == 302, "only the page of its own visit says what became of it"


def test_a_new_link_ends_the_former_ones_and_is_mailed(visit: tuple[Flask, Booked]) -> None:
    app, booked_visit = visit
    stranger, page = guest(app, booked_visit.token), f"/visits/{booked_visit.encounter_id}"
    patient = app.test_client()
    with database().unit_of_work():
        patient.set_cookie("tb_session", patient_session(booked_visit))
        account = session().exec(select(AuthSession)).one().account_id
        give_address(account)
    assert "Send me a new link" in patient.get(page, headers=ENGLISH).text
    assert send(patient, f"{page}/link", page) == 302
    for client, address in ((stranger, f"{page}/room"), (app.test_client(), f"/join/{booked_visit.token}")):
        answer = client.get(address, headers=ENGLISH)
        assert (answer.status_code, "This link was replaced by a newer one" in answer.text) == (410, True)
    assert guest(app, mailed_token()).get(f"{page}/room").status_code == 200
    assert stranger.post(f"{page}/link", headers=ENGLISH).status_code in (400, 404)


def give_address(account_id: str) -> None:
    vault().seal(session().get_one(Account, account_id), "email", "ada@patient.test")


def mailed_token() -> str:
    """The token in the newest mail."""
    with database().reading() as reading:
        (row,) = reading.exec(select(NotificationRow).where(NotificationRow.template == "new_link")).all()
        return str(json.loads(vault().read(row, "body"))["link"]).rpartition("/")[2]


def test_a_new_link_may_be_asked_for_a_few_times_an_hour(visit: tuple[Flask, Booked]) -> None:
    _, booked_visit = visit
    with database().unit_of_work():
        encounter, appointment = visits.locked(booked_visit.encounter_id)
        for _ in range(4):
            invitations.send_new_link(encounter, appointment)
        with pytest.raises(limits.TooMany):
            invitations.send_new_link(encounter, appointment)
