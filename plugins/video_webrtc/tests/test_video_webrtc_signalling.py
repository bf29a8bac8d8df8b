"""Sockets, rooms and rows together, without a browser: tokens, seats, races, floods, slow and silent readers."""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from toubib.bus import LocalBus
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.room import MediaQuality, MediaSession, Segment
from toubib.seams import clock
from toubib.services import room
from toubib.testing.practices import practice
from toubib_video_webrtc import conversation, rooms
from toubib_video_webrtc.conversation import BAD, CLOSED, FLOOD, FULL, LEFT, RENEW, REPLACED, TOKEN, Conversation
from toubib_video_webrtc.doors import StoredDoors
from toubib_video_webrtc.hub import Hub
from toubib_video_webrtc.line import LineClosed
from toubib_video_webrtc.models import SeatRow, TokenRow
from toubib_video_webrtc.room import Member

FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
OFFER = {"type": "offer", "sdp": f"v=0\r\n{FINGERPRINT}\r\n"}
TEN = timedelta(minutes=10)


@dataclass
class Wire:
    """A line made of queues: what a browser sends, what it got, and how it ended. A `stuck` one never reads."""

    sent: "queue.Queue[str | None]" = field(default_factory=queue.Queue)
    got: list[dict[str, Any]] = field(default_factory=list)
    code: int | None = None
    stuck: bool = False
    ended: threading.Event = field(default_factory=threading.Event)
    change: threading.Condition = field(default_factory=threading.Condition)

    def receive(self, timeout: float) -> object | None:
        try:
            text = self.sent.get(timeout=timeout)
        except queue.Empty:
            return None
        if text is None or self.ended.is_set():
            raise LineClosed
        return text

    def send(self, text: str) -> None:
        while self.stuck and not self.ended.is_set():
            self.ended.wait(0.05)
        if self.ended.is_set():
            raise LineClosed
        with self.change:
            self.got.append(json.loads(text))
            self.change.notify_all()

    def close(self, code: int) -> None:
        if not self.ended.is_set():
            self.code = code
        self.cut()

    def cut(self) -> None:
        self.ended.set()
        self.sent.put(None)

    def say(self, **message: Any) -> None:
        self.sent.put(json.dumps(message))

    def verdict(self, seconds: float = 20) -> str:
        """Whether it got in, `welcome` or `error`."""
        with self.change:
            assert self.change.wait_for(lambda: {"welcome", "error"} & {m["type"] for m in self.got}, seconds)
        return "welcome" if "welcome" in [m["type"] for m in self.got] else "error"

    def wait(self, kind: str, seconds: float = 5) -> dict[str, Any]:
        """The first message of a kind."""
        with self.change:
            found = self.change.wait_for(lambda: next((m for m in self.got if m["type"] == kind), None), seconds)
        assert found, (kind, self.got, self.code)
        return found


class Stage:
    """A visit's room and the sockets in it, each with a thread as on the server."""

    def __init__(self, encounter_id: str, session_id: str) -> None:
        self.encounter_id, self.session_id = encounter_id, session_id
        self.bus = LocalBus()
        self.wires: list[Wire] = []
        self.threads: list[threading.Thread] = []

    def token(self, who: str = "anne", lifetime: timedelta = TEN) -> str:
        with database().unit_of_work():
            return rooms.issue_token(self.session_id, Member(who, "patient" if who == "anne" else "practitioner"), lifetime)

    def connect(self, **options: Any) -> Wire:
        wire = Wire(**options)
        self.wires.append(wire)
        self.threads.append(threading.Thread(target=Conversation(wire, StoredDoors(), Hub(self.bus)).run, daemon=True))
        self.threads[-1].start()
        return wire

    def enter(self, who: str = "anne", page: str = "p") -> Wire:
        wire = self.connect()
        wire.say(type="join", token=self.token(who), page=page)
        wire.wait("welcome")
        return wire

    def rows(self, table: type[Any]) -> list[Any]:
        with database().reading():
            return list(session().exec(select(table)))

    def end(self) -> None:
        for wire in self.wires:
            wire.cut()
        for thread in self.threads:
            thread.join(10)
        for _ in range(100):
            if not any(t.name == "video_webrtc-writer" for t in threading.enumerate()):
                return
            time.sleep(0.02)


@pytest.fixture
def stage(installation: Callable[..., Any]) -> Iterator[Stage]:
    installation("video_webrtc", use={"media": ["video_webrtc"]})
    with database().unit_of_work():
        made = practice()
        encounter = Encounter(organisation_id=made.organisation_id, journey="test", locale="fr", practitioner_role_id=made.role_id)
        session().add(encounter)
        session().flush()
        session_id = room.media_session(encounter.id)
    stage = Stage(encounter.id, session_id)
    yield stage
    stage.end()


def ended(wire: Wire) -> int | None:
    assert wire.ended.wait(8)
    return wire.code


def test_two_meet_and_the_server_says_who_offers_and_who_speaks(stage: Stage) -> None:
    anne = stage.enter("anne", "page-1")
    lemaire = stage.enter("lemaire", "page-2")
    assert lemaire.wait("welcome")["peers"] == [{"id": "anne", "role": "patient", "page": "page-1", "offer": False}]
    assert anne.wait("peer")["peer"] == {"id": "lemaire", "role": "practitioner", "page": "page-2", "offer": True}
    anne.say(type="signal", to="lemaire", description=OFFER, **{"from": "somebody else", "role": "practitioner"})
    assert lemaire.wait("signal") == {"type": "signal", "from": "anne", "page": "page-1", "description": OFFER}
    anne.say(type="sending", audio=False, video=True)
    assert lemaire.wait("sending") == {"type": "sending", "from": "anne", "audio": False, "video": True}
    assert [m for m in anne.got if m["type"] in {"signal", "sending"}] == []


def test_a_token_works_once_for_a_while_and_not_at_all_when_wrong(stage: Stage) -> None:
    token, old = stage.token(), stage.token(lifetime=timedelta(seconds=-1))
    first = stage.connect()
    first.say(type="join", token=token, page="p")
    first.wait("welcome")
    for spent in (token, old, "wrong"):
        wire = stage.connect()
        wire.say(type="join", token=spent, page="p")
        assert wire.wait("error") == {"type": "error", "code": "token"}
        assert ended(wire) == TOKEN
    assert not first.ended.is_set()


def test_the_token_is_nowhere_in_the_rows(stage: Stage) -> None:
    token, rows = stage.token(), stage.rows(TokenRow)
    assert rows
    assert token not in str([row.model_dump() for row in rows])


def test_a_new_socket_of_a_member_replaces_the_old_one(stage: Stage) -> None:
    old, lemaire = stage.enter("anne", "page-1"), stage.enter("lemaire")
    new = stage.enter("anne", "page-9")
    assert ended(old) == REPLACED
    with lemaire.change:
        assert lemaire.change.wait_for(lambda: "page-9" in [m["peer"]["page"] for m in lemaire.got if m["type"] == "peer"], 5)
    assert not [m for m in lemaire.got if m["type"] in {"gone", "left"}]
    assert not new.ended.is_set()


def test_a_lost_socket_is_told_as_gone_and_a_hang_up_as_left(stage: Stage) -> None:
    anne, lemaire = stage.enter("anne"), stage.enter("lemaire")
    anne.cut()
    assert lemaire.wait("gone") == {"type": "gone", "id": "anne"}
    again = stage.enter("anne")
    again.say(type="bye")
    assert lemaire.wait("left") == {"type": "left", "id": "anne"}
    assert ended(again) == LEFT
    assert [seat.member_id for seat in stage.rows(SeatRow)] == ["lemaire"]


def test_many_strangers_race_for_two_seats(stage: Stage) -> None:
    tokens = [stage.token(f"m{n}") for n in range(40)]
    wires = [stage.connect() for _ in tokens]
    for wire, token in zip(wires, tokens, strict=True):
        wire.say(type="join", token=token, page="p")
    verdicts = [wire.verdict() for wire in wires]
    assert verdicts.count("welcome") == 2
    assert {ended(wire) for wire, verdict in zip(wires, verdicts, strict=True) if verdict == "error"} == {FULL}
    assert sorted(seat.number for seat in stage.rows(SeatRow)) == [0, 1]


def test_one_token_raced_by_many_sockets_lets_one_in(stage: Stage) -> None:
    token = stage.token()
    wires = [stage.connect() for _ in range(12)]
    for wire in wires:
        wire.say(type="join", token=token, page="p")
    assert sorted(wire.verdict() for wire in wires) == ["error"] * 11 + ["welcome"]


def test_closing_the_room_ends_every_socket_and_every_token(stage: Stage) -> None:
    anne, late = stage.enter("anne"), stage.token("lemaire")
    with database().unit_of_work():
        assert rooms.close_room(stage.session_id)
        assert not rooms.close_room(stage.session_id)
    Hub(stage.bus).end(stage.session_id, CLOSED, message={"type": "closed"})
    assert anne.wait("closed") == {"type": "closed"}
    assert ended(anne) == CLOSED
    wire = stage.connect()
    wire.say(type="join", token=late, page="p")
    assert ended(wire) == TOKEN


@pytest.mark.parametrize("first", ['{"type":"bye"}', "nonsense", '{"type":"signal"}', '{"type":"join","token":"","page":"p"}'])
def test_whoever_does_not_begin_with_a_token_is_sent_away(stage: Stage, first: str) -> None:
    wire = stage.connect()
    wire.sent.put(first)
    assert ended(wire) == BAD


def test_a_ping_before_the_token_is_answered_once(stage: Stage) -> None:
    wire = stage.connect()
    wire.say(type="ping")
    wire.wait("pong")
    wire.say(type="ping")
    assert ended(wire) == BAD


def test_silence_is_not_patience(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "FIRST_WORD", 0.05)
    assert ended(stage.connect()) == BAD


def test_a_long_call_has_to_ask_again_for_its_right(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "ASK_AGAIN", 0.0)
    anne = stage.enter("anne")
    anne.say(type="ping")
    assert ended(anne) == RENEW
    assert [seat.member_id for seat in stage.rows(SeatRow)] == ["anne"]


def test_mistakes_get_codes_and_too_many_an_end_while_the_other_talks_on(stage: Stage) -> None:
    anne, lemaire = stage.enter("anne"), stage.enter("lemaire")
    for _ in range(conversation.MAX_MISTAKES):
        anne.say(type="shell")
    assert anne.wait("error") == {"type": "error", "code": "unknown_type"}
    assert ended(anne) == BAD
    lemaire.say(type="ping")
    lemaire.wait("pong")


def test_a_flood_is_cut_and_the_other_room_hears_nothing_of_it(stage: Stage) -> None:
    anne, lemaire = stage.enter("anne"), stage.enter("lemaire")
    for _ in range(400):
        anne.say(type="sending", audio=True, video=True)
    assert ended(anne) == FLOOD
    lemaire.say(type="ping")
    lemaire.wait("pong")
    assert len([m for m in lemaire.got if m["type"] == "sending"]) <= 160


class Bottomless:
    """A bucket that never runs dry, so that the queue is the only bound."""

    def take(self) -> bool:
        return True


def test_a_reader_who_never_reads_stops_nobody_and_is_cut(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "Bucket", Bottomless)
    anne, lemaire = stage.enter("anne"), stage.enter("lemaire")
    anne.stuck = True
    for _ in range(4):
        for _ in range(100):
            lemaire.say(type="signal", to="anne", description=OFFER)
        lemaire.got.clear()
        lemaire.say(type="ping")
        lemaire.wait("pong", 2)
    anne.stuck = False
    with anne.change:
        assert anne.change.wait_for(anne.ended.is_set, 35)
    assert lemaire.wait("gone", 10)


@pytest.mark.feature("ROOM-16:a", "ROOM-16:b", "ROOM-16:c")
def test_the_core_learns_when_they_saw_each_other_and_how_well(stage: Stage) -> None:
    anne, lemaire = stage.enter("anne"), stage.enter("lemaire")
    figures = {"connect_ms": 812, "rtt_ms": 20, "loss_permille": 4, "restarts": 1}
    for wire in (anne, lemaire):
        wire.say(type="quality", state="connected", **figures)
        wire.say(type="quality", state="connected", **figures)
        wire.say(type="ping")
        wire.wait("pong")
    (running,) = stage.rows(Segment)
    assert (running.modality, running.ended_at) == ("video", None)
    anne.say(type="bye")
    lemaire.wait("left")
    assert stage.rows(Segment)[0].ended_at is not None
    (kept,) = stage.rows(MediaQuality)
    assert (kept.participant_role, kept.connect_ms, kept.lost_permille, kept.reconnections) == ("patient", 812, 4, 1)
    assert len(stage.rows(MediaSession)) == 1


def test_the_broom_takes_old_tokens_and_rooms_and_leaves_what_lives(stage: Stage, now: Any) -> None:
    stage.enter("anne")
    with database().unit_of_work():
        assert rooms.purge() == 0
    now.advance(timedelta(hours=1))
    with database().unit_of_work():
        assert rooms.purge() == 1
        rooms.close_room(stage.session_id)
    now.advance(rooms.KEEP * 2)
    with database().unit_of_work():
        assert rooms.purge() == 1
    assert stage.rows(SeatRow) == []
    assert clock.now() > now.now() - timedelta(seconds=1)
