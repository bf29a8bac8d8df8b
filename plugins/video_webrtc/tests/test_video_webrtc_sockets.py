"""Real sockets on a real server: who is let in at all, and that one bad peer disturbs no other room."""

import base64
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import websocket
from werkzeug.serving import make_server

from toubib.db import database
from toubib_video_webrtc import rooms
from toubib_video_webrtc.conversation import TOKEN
from toubib_video_webrtc.room import Member

if TYPE_CHECKING:
    from flask import Flask

PATH = "/video_webrtc/socket"


class Server:
    """The application on a port of this machine."""

    def __init__(self, app: "Flask") -> None:
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.port = self._server.server_port
        self.origin = f"http://127.0.0.1:{self.port}"
        self._opened: list[Any] = []
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def connect(self, origin: str | None = None) -> Any:
        wanted: dict[str, Any] = {"origin": origin or self.origin} if origin != "" else {"suppress_origin": True}
        ws = websocket.create_connection(f"ws://127.0.0.1:{self.port}{PATH}", timeout=10, **wanted)
        self._opened.append(ws)
        return ws

    def enter(self, room: str, who: str) -> Any:
        ws = self.connect()
        ws.send(json.dumps({"type": "join", "token": token(room, who), "page": "p"}))
        assert hear(ws, "welcome")["you"] == who
        return ws

    def stop(self) -> None:
        for ws in self._opened:
            ws.shutdown()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(app: Callable[..., "Flask"]) -> Iterator[Server]:
    running = Server(app("video_webrtc"))
    yield running
    running.stop()
    for _ in range(200):
        if not any("video_webrtc" in t.name or "simple_websocket" in t.name for t in threading.enumerate()):
            return
        time.sleep(0.05)


def token(room: str, who: str) -> str:
    with database().unit_of_work():
        rooms.open_room(room, f"visit-{room}", 2)
        return rooms.issue_token(room, Member(who, "patient"), timedelta(minutes=5))


def hear(ws: Any, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(ws.recv())
        if message["type"] == kind:
            return message


def close_code(ws: Any) -> int:
    while True:
        opcode, data = ws.recv_data(control_frame=True)
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return int(struct.unpack("!H", data[:2])[0])


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "", "http://127.0.0.1", "http://127.0.0.1:1.evil.test"])
def test_other_origins_are_refused_before_the_socket_opens(server: Server, origin: str) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        server.connect(origin)


def test_a_suffix_of_our_own_origin_is_another_origin(server: Server) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        server.connect(f"{server.origin}.evil.test")


def test_a_replayed_token_is_told_why_it_ends(server: Server) -> None:
    join = json.dumps({"type": "join", "token": token("r1", "anne"), "page": "p"})
    first, second = server.connect(), server.connect()
    first.send(join)
    assert hear(first, "welcome")
    second.send(join)
    assert hear(second, "error") == {"type": "error", "code": "token"}
    assert close_code(second) == TOKEN


def test_a_message_too_long_ends_its_socket_only(server: Server) -> None:
    anne, lemaire = server.enter("r1", "anne"), server.enter("r1", "lemaire")
    anne.send(json.dumps({"type": "ping", "pad": "x" * 70_000}))
    assert close_code(anne) == 1009
    assert hear(lemaire, "gone")["id"] == "anne"


def test_garbage_in_one_room_disturbs_no_other(server: Server) -> None:
    others = [server.enter(f"quiet-{n}", "anne") for n in range(12)]
    for payload in (b"\xff\xfe", b"{}", b"\x00" * 4000):
        bad = server.enter("loud", "anne")
        bad.send(payload, opcode=websocket.ABNF.OPCODE_BINARY)
        for _ in range(30):
            try:
                bad.send(payload.decode("latin-1"))
            except OSError:
                break
        bad.close()
    for ws in others:
        began = time.monotonic()
        ws.send('{"type":"ping"}')
        hear(ws, "pong")
        assert time.monotonic() - began < 2


def test_a_peer_that_never_reads_does_not_hold_up_the_one_who_sends(server: Server) -> None:
    stuck = raw_join(server.port, token("r1", "stuck"))
    sender = server.enter("r1", "sender")
    fingerprint = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
    description = {"type": "offer", "sdp": f"v=0\r\n{fingerprint}\r\n" + "a=x:" + "y" * 40_000 + "\r\n"}
    for _ in range(100):
        sender.send(json.dumps({"type": "signal", "to": "stuck", "description": description}))
    began = time.monotonic()
    sender.send('{"type":"ping"}')
    hear(sender, "pong")
    assert time.monotonic() - began < 3
    stuck.close()
    assert hear(sender, "gone")["id"] == "stuck"


def raw_join(port: int, spent: str) -> socket.socket:
    """A socket by hand that joins and then reads nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    head = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    made.sendall(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
    made.recv(1000)
    body = json.dumps({"type": "join", "token": spent, "page": "p"}).encode()
    length = bytes([0x80 | len(body)]) if len(body) < 126 else bytes([0x80 | 126]) + struct.pack("!H", len(body))
    made.sendall(b"\x81" + length + b"\0\0\0\0" + body)
    made.recv(200)
    return made
