"""One answer to one browser: its tracks come back to it for a short while."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

log = logging.getLogger("toubib_video_webrtc.echo")
GATHERING = 5.0


class Busy(Exception):
    """All places are taken; ask again in a moment."""


class BadOffer(Exception):
    """The description cannot be answered."""


class Echo:
    """At most `places` sessions at once, each ended after `seconds` whatever the browser does."""

    def __init__(self, places: int = 4, seconds: float = 30.0) -> None:
        self._places, self._seconds = places, seconds
        self._open: dict[RTCPeerConnection, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return len(self._open)

    @property
    def places(self) -> int:
        """How many may be."""
        return self._places

    async def answer(self, offer: Mapping[str, Any]) -> dict[str, str]:
        """Answer an offer that carries all its candidates. Raises `Busy` or `BadOffer`."""
        if len(self._open) >= self._places:
            raise Busy
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._open[pc] = asyncio.get_running_loop().call_later(self._seconds, self._end, pc)
        pc.on("track", lambda track: _send_back(pc, track))
        pc.on("connectionstatechange", lambda: self._watch(pc))
        try:
            return await _negotiate(pc, offer)
        except Exception as error:  # aiortc's parser raises bare AssertionError, ValueError, KeyError and more
            self._end(pc)
            raise BadOffer(type(error).__name__) from error

    async def close(self) -> None:
        """End every session."""
        for pc in list(self._open):
            self._end(pc)
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _watch(self, pc: RTCPeerConnection) -> None:
        if pc.connectionState in {"failed", "closed", "disconnected"}:
            self._end(pc)

    def _end(self, pc: RTCPeerConnection) -> None:
        timer = self._open.pop(pc, None)
        if timer is None:
            return
        timer.cancel()
        task = asyncio.get_running_loop().create_task(_close(pc))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _send_back(pc: RTCPeerConnection, track: MediaStreamTrack) -> None:
    pc.addTrack(track)


async def _negotiate(pc: RTCPeerConnection, offer: Mapping[str, Any]) -> dict[str, str]:
    await pc.setRemoteDescription(RTCSessionDescription(sdp=str(offer["sdp"]), type="offer"))
    if not pc.getTransceivers():
        raise ValueError("nothing to send back")
    answer = await pc.createAnswer()
    await asyncio.wait_for(pc.setLocalDescription(answer), GATHERING)
    return {"type": "answer", "sdp": pc.localDescription.sdp}


async def _close(pc: RTCPeerConnection) -> None:
    with contextlib.suppress(Exception):
        await pc.close()
