"""Defensive reading of what browsers pass each other: session descriptions and ICE candidates.

The server only passes them on, yet it is the place where an old or hostile client can be held back:
keys in the clear (`a=crypto`) and descriptions without a DTLS fingerprint are refused (RFC 8827, 6.5).
"""

import re
from collections.abc import Mapping
from typing import Any

MAX_SDP = 48 * 1024
_LINE = re.compile(r"[a-z]=[^\r\n\0]*")
_FINGERPRINT = re.compile(r"a=fingerprint:sha-(256|384|512) [0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31,63}")
_CANDIDATE = re.compile(r"candidate:[\x20-\x7e]{1,1000}")


def check_description(value: object) -> Mapping[str, str] | None:
    """The description with nothing but its two fields, or `None` when it may not be passed on."""
    if not isinstance(value, dict):
        return None
    kind, sdp = value.get("type"), value.get("sdp")
    if kind == "rollback":
        return None
    if kind not in {"offer", "answer"} or not isinstance(sdp, str) or not _sound(sdp):
        return None
    return {"type": kind, "sdp": sdp}


def _sound(sdp: str) -> bool:
    if not 0 < len(sdp) <= MAX_SDP:
        return False
    lines = sdp.replace("\r\n", "\n").rstrip("\n").split("\n")
    if lines[0] != "v=0" or not all(_LINE.fullmatch(line) for line in lines):
        return False
    if any(line.startswith("a=crypto") for line in lines):
        return False
    return any(_FINGERPRINT.fullmatch(line) for line in lines)


def check_candidate(value: object) -> Mapping[str, Any] | None:
    """The candidate with nothing but its known fields, or `None`. An empty candidate means “no more”."""
    if not isinstance(value, dict):
        return None
    text, mid, index, fragment = (value.get(k) for k in ("candidate", "sdpMid", "sdpMLineIndex", "usernameFragment"))
    if not isinstance(text, str) or not (text == "" or _CANDIDATE.fullmatch(text)):
        return None
    if not _short(mid, 32) or not _short(fragment, 256):
        return None
    if index is not None and (isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < 64):
        return None
    return {"candidate": text, "sdpMid": mid, "sdpMLineIndex": index, "usernameFragment": fragment}


def _short(value: object, longest: int) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= longest and value.isascii() and value.isprintable())
