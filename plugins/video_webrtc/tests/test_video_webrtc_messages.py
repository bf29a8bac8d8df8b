"""Whatever a browser sends is either understood or refused with a code; nothing else happens."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toubib_video_webrtc.messages import MAX_BYTES, TYPES, BadMessage, Bye, Join, Ping, Quality, Sending, Signal, parse
from toubib_video_webrtc.sdp import check_candidate, check_description

FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
SDP = f"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{FINGERPRINT}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
CANDIDATE = {"candidate": "candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host", "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "abcd"}
OFFER = {"type": "offer", "sdp": SDP}


def code(message: Any) -> str:
    with pytest.raises(BadMessage) as refused:
        parse(message if isinstance(message, str) else json.dumps(message))
    return refused.value.code


def test_sound_messages_are_understood() -> None:
    def read(**message: Any) -> object:
        return parse(json.dumps(message))

    assert read(type="join", token="t" * 43, page="f" * 32) == Join("t" * 43, "f" * 32)
    assert read(type="signal", to="b", description=OFFER) == Signal("b", {"description": OFFER})
    assert read(type="signal", to="b", candidate=CANDIDATE) == Signal("b", {"candidate": CANDIDATE})
    assert read(type="sending", audio=True, video=False) == Sending(audio=True, video=False)
    quality = read(type="quality", state="connected", connect_ms=800, rtt_ms=20, loss_permille=3, restarts=0)
    assert quality == Quality("connected", 800, 20, 3, 0)
    assert (read(type="bye"), read(type="ping")) == (Bye(), Ping())


@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        ("{", "json"),
        ("[1]", "schema"),
        ('{"type": NaN}', "json"),
        ("[" * 30_000, "json"),
        ({"type": "shell"}, "unknown_type"),
        ({"type": ["join"]}, "unknown_type"),
        ({}, "unknown_type"),
        ({"type": "join", "token": 7, "page": "p"}, "schema"),
        ({"type": "join", "token": "t\x00", "page": "p"}, "schema"),
        ({"type": "join", "token": "t" * 129, "page": "p"}, "schema"),
        ({"type": "signal", "to": "b"}, "schema"),
        ({"type": "signal", "to": "b", "description": OFFER, "candidate": CANDIDATE}, "schema"),
        ({"type": "signal", "to": "b", "description": {"type": "rollback", "sdp": SDP}}, "schema"),
        ({"type": "signal", "to": "b", "description": {"type": "offer", "sdp": SDP.replace(FINGERPRINT, "a=setup:actpass")}}, "schema"),
        ({"type": "signal", "to": "b", "description": {"type": "offer", "sdp": SDP + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"}}, "schema"),
        ({"type": "signal", "to": "b", "candidate": {**CANDIDATE, "sdpMLineIndex": True}}, "schema"),
        ({"type": "signal", "to": "b", "candidate": {**CANDIDATE, "candidate": "<script>"}}, "schema"),
        ({"type": "sending", "audio": 1, "video": False}, "schema"),
        ({"type": "quality", "state": "fine", "connect_ms": 1, "rtt_ms": 1, "loss_permille": 1, "restarts": 1}, "schema"),
        ({"type": "quality", "state": "connected", "connect_ms": -1, "rtt_ms": 1, "loss_permille": 1, "restarts": 1}, "schema"),
        ({"type": "quality", "state": "connected", "connect_ms": 1, "rtt_ms": 1, "loss_permille": 1001, "restarts": 1}, "schema"),
        ('"' + "x" * MAX_BYTES + '"', "size"),
        ('"' + "é" * (MAX_BYTES // 2) + '"', "size"),
    ],
)
def test_unsound_messages_get_a_code(message: Any, refusal: str) -> None:
    assert code(message) == refusal


def test_binary_is_refused() -> None:
    with pytest.raises(BadMessage, match="schema"):
        parse(b"{}")


def test_what_a_client_says_of_itself_is_not_passed_on() -> None:
    spoofed = {"type": "signal", "to": "b", "from": "practitioner", "role": "practitioner", "description": {**OFFER, "from": "x", "evil": 1}}
    message = parse(json.dumps(spoofed))
    assert message == Signal("b", {"description": OFFER})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
KEYS = ("token", "page", "to", "description", "candidate", "audio", "video", "state", "connect_ms", "rtt_ms", "loss_permille", "restarts")
NEARLY = st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional=dict.fromkeys(KEYS, JSON))


@settings(max_examples=400)
@given(st.text() | JSON.map(json.dumps) | NEARLY.map(json.dumps))
@example('{"type":"join","token":"\\ud800","page":"p"}')
@example('{"type":"signal","to":"b","description":{"type":"offer","sdp":"\\ud800"}}')
def test_malformed_messages_raise_nothing_but_a_refusal(text: str) -> None:
    with contextlib.suppress(BadMessage):
        parse(text)


@settings(max_examples=300)
@given(st.data())
def test_mutated_descriptions_never_pass_without_a_fingerprint_or_with_keys_in_the_clear(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SDP)))
    end = data.draw(st.integers(at, min(len(SDP), at + 90)))
    mutant = SDP[:at] + data.draw(st.text(max_size=12)) + SDP[end:]
    passed = check_description({"type": "offer", "sdp": mutant})
    if passed is not None:
        assert "a=fingerprint:sha-" in passed["sdp"]
        assert "a=crypto" not in passed["sdp"]


@given(JSON)
def test_any_value_is_a_candidate_or_none(value: Any) -> None:
    assert check_candidate(value) is None or isinstance(value, dict)
