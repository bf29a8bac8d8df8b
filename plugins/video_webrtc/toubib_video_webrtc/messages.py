"""What a browser may say over the signalling socket: types, shapes and sizes. Everything else gets a code.

Nothing here trusts a client: sender, role and time are set by the server, never read from a message.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from toubib_video_webrtc.sdp import check_candidate, check_description

MAX_BYTES = 64 * 1024
"""Longest message accepted. A browser's offer takes about 11 kB."""


class BadMessage(Exception):
    """A message that is refused; `code` is sent back, the socket stays open."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Join:
    """First message of a socket: a single-use token, and which load of the page this is."""

    token: str
    page: str


@dataclass(frozen=True, slots=True)
class Signal:
    """A session description or an ICE candidate for one other member."""

    to: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sending:
    """Whether the member's microphone and camera are on."""

    audio: bool
    video: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """What the browser measured: state of the link in a word, and a few whole numbers for the operator."""

    state: str
    connect_ms: int
    rtt_ms: int
    loss_permille: int
    restarts: int


@dataclass(frozen=True, slots=True)
class Bye:
    """The member hangs up."""


@dataclass(frozen=True, slots=True)
class Ping:
    """The browser asks whether the line is alive."""


ClientMessage: TypeAlias = Join | Signal | Sending | Quality | Bye | Ping
STATES = ("connecting", "connected", "reconnecting", "failed")


def parse(text: object) -> ClientMessage:
    """Read one message, or raise `BadMessage` with a code: `size`, `json`, `unknown_type`, or `schema`."""
    if not isinstance(text, str):
        raise BadMessage("schema")
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise BadMessage("size")
    data = _object(text)
    kind = data.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise BadMessage("unknown_type")
    return reader(data)


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadMessage("json") from error
    if not isinstance(data, dict):
        raise BadMessage("schema")
    return data


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _text(data: Mapping[str, Any], key: str, longest: int) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isascii() or not value.isprintable():
        raise BadMessage("schema")
    return value


def _flag(data: Mapping[str, Any], key: str) -> bool:
    value = data.get(key)
    if not isinstance(value, bool):
        raise BadMessage("schema")
    return value


def _number(data: Mapping[str, Any], key: str, most: int) -> int:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise BadMessage("schema")
    return value


def _join(data: Mapping[str, Any]) -> Join:
    return Join(_text(data, "token", 128), _text(data, "page", 64))


def _signal(data: Mapping[str, Any]) -> Signal:
    to, description, candidate = _text(data, "to", 64), data.get("description"), data.get("candidate")
    if (description is None) == (candidate is None):
        raise BadMessage("schema")
    body = {"description": check_description(description)} if candidate is None else {"candidate": check_candidate(candidate)}
    if None in body.values():
        raise BadMessage("schema")
    return Signal(to, body)


def _sending(data: Mapping[str, Any]) -> Sending:
    return Sending(_flag(data, "audio"), _flag(data, "video"))


def _quality(data: Mapping[str, Any]) -> Quality:
    state = _text(data, "state", 16)
    if state not in STATES:
        raise BadMessage("schema")
    numbers = (_number(data, "connect_ms", 3_600_000), _number(data, "rtt_ms", 60_000), _number(data, "loss_permille", 1000), _number(data, "restarts", 10_000))
    return Quality(state, *numbers)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], ClientMessage]] = {
    "join": _join,
    "signal": _signal,
    "sending": _sending,
    "quality": _quality,
    "bye": lambda _: Bye(),
    "ping": lambda _: Ping(),
}
TYPES = tuple(_READERS)
"""Every message type a browser may send; the permissions of the plugin's socket list the same."""
