"""The echo peer as a process: it answers whoever knows its secret, is bounded, and ends with its parent."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from toubib.contracts.plugin import OutsideHost
from toubib.seams import network
from toubib_video_webrtc.own_echo import Address, EchoUnavailable, OwnEcho, answer, healthy


@pytest.fixture(autouse=True)
def _allowed() -> Iterator[None]:
    before = network.declared()
    network.declare([OutsideHost("127.0.0.1", "the echo peer")])
    yield
    network.declare(before.values())


@pytest.fixture(scope="module")
def own() -> Iterator[OwnEcho]:
    child = OwnEcho()
    yield child
    child.stop()


def raw(address: Address, request: bytes) -> bytes:
    port = int(address.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read()


def status(address: Address, request: bytes) -> int:
    return int(raw(address, request).split(b" ", 2)[1])


def test_it_is_started_once_and_is_well(own: OwnEcho) -> None:
    own.warm()
    address = own.address()
    assert own.address() == address
    assert healthy(address)
    assert not healthy(Address(address.url, "wrong secret"))


def test_a_child_that_died_is_replaced() -> None:
    child = OwnEcho()
    first = child.address()
    assert child._process is not None
    child._process.kill()
    child._process.wait(5)
    second = child.address()
    assert second != first
    assert healthy(second)
    child.stop()
    assert not healthy(second)


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (b"GET /health HTTP/1.1\r\n\r\n", 403),
        (b"GET /health HTTP/1.1\r\nX-Echo-Secret: {secret}\r\n\r\n", 200),
        (b"GET /other HTTP/1.1\r\nX-Echo-Secret: {secret}\r\n\r\n", 404),
        (b"POST /offer HTTP/1.1\r\nX-Echo-Secret: {secret}\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b"POST /offer HTTP/1.1\r\nX-Echo-Secret: {secret}\r\nContent-Length: 2\r\n\r\n[]", 400),
        (b"POST /offer HTTP/1.1\r\nX-Echo-Secret: {secret}\r\nContent-Length: 999999\r\n\r\n", 413),
        (b"POST /offer HTTP/1.1\r\nX-Echo-Secret: {secret}\r\nContent-Length: -1\r\n\r\n", 413),
        (b"POST /offer HTTP/1.1\r\nX-Echo-Secret: {secret}\r\nContent-Length: x\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_requests_that_it_does_not_understand_are_refused(own: OwnEcho, request_bytes: bytes, expected: int) -> None:
    address = own.address()
    assert status(address, request_bytes.replace(b"{secret}", address.secret.encode())) == expected
    assert healthy(address)


@pytest.mark.parametrize("sdp", ["", "v=0", "v=0\r\nm=audio x y z\r\n", "v=0\r\na=fingerprint:sha-256 AB\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"])
def test_descriptions_it_cannot_answer_do_it_no_harm(own: OwnEcho, sdp: str) -> None:
    address = own.address()
    with pytest.raises(EchoUnavailable, match="400"):
        answer(address, {"type": "offer", "sdp": sdp})
    assert healthy(address)


def test_it_ends_when_its_parent_does() -> None:
    environment = {**os.environ, "TOUBIB_ECHO_SECRET": "a secret for this test"}
    command = [sys.executable, "-m", "toubib_video_webrtc.echo", "--port", "0", "--with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        child.stdout.readline()
        child.stdin.close()
        assert child.wait(15) == 0


def test_it_does_not_start_without_a_secret() -> None:
    command = [sys.executable, "-m", "toubib_video_webrtc.echo", "--port", "0"]
    environment = {k: v for k, v in os.environ.items() if k != "TOUBIB_ECHO_SECRET"}
    refused = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False)
    assert refused.returncode == 2
    assert b"TOUBIB_ECHO_SECRET" in refused.stderr


def test_nobody_answers_where_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nowhere = Address(f"http://127.0.0.1:{probe.getsockname()[1]}", "secret")
        with pytest.raises(EchoUnavailable):
            answer(nowhere, {"type": "offer", "sdp": "v=0"})
        assert not healthy(nowhere)


def test_places_and_time_are_bounded() -> None:
    environment = {**os.environ, "TOUBIB_ECHO_SECRET": "a secret for this test"}
    command = [sys.executable, "-m", "toubib_video_webrtc.echo", "--port", "0", "--places", "1", "--seconds", "2", "--with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        address = Address(f"http://127.0.0.1:{int(child.stdout.readline())}", "a secret for this test")
        offer = {"type": "offer", "sdp": real_offer()}
        assert answer(address, offer)["type"] == "answer"
        with pytest.raises(EchoUnavailable, match="503"):
            answer(address, offer)
        end = time.monotonic() + 20
        while sessions(address) and time.monotonic() < end:
            time.sleep(0.2)
        assert answer(address, offer)["type"] == "answer"
        child.stdin.close()
        assert child.wait(15) == 0


def sessions(address: Address) -> int:
    health: dict[str, Any] = json.loads(network.http_request("GET", f"{address.url}/health", headers={"X-Echo-Secret": address.secret}).body)
    return int(health["sessions"])


def real_offer() -> str:
    """An offer as aiortc itself makes it."""
    import asyncio

    from aiortc import RTCPeerConnection

    async def make() -> str:
        connection = RTCPeerConnection()
        connection.addTransceiver("audio")
        await connection.setLocalDescription(await connection.createOffer())
        made = str(connection.localDescription.sdp)
        await connection.close()
        return made

    return asyncio.run(make())
