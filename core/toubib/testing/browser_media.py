"""What a real browser really shows and hears: figures of its WebRTC connections, read through Playwright.

A test installs `watch_connections` on a page or context before it opens anything, then asks.
"""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--disable-gpu",
    "--disable-background-networking",
)

WATCH = """(() => {
  const Native = window.RTCPeerConnection;
  const open = (window.toubibConnections = []);
  window.RTCPeerConnection = class extends Native {
    constructor(...given) { super(...given); open.push(this); }
  };
})();"""

READ = """async () => {
  const sum = {frames: 0, energy: 0, packets: 0, lost: 0, width: 0, connections: 0};
  for (const pc of window.toubibConnections ?? []) {
    if (pc.connectionState === "closed") continue;
    sum.connections += 1;
    for (const s of (await pc.getStats()).values()) {
      if (s.type !== "inbound-rtp") continue;
      sum.packets += s.packetsReceived ?? 0;
      sum.lost += s.packetsLost ?? 0;
      if (s.kind === "video") { sum.frames += s.framesDecoded ?? 0; sum.width = Math.max(sum.width, s.frameWidth ?? 0); }
      if (s.kind === "audio") sum.energy += s.totalAudioEnergy ?? 0;
    }
  }
  return sum;
}"""

WAYS = """async () => {
  const ways = [];
  for (const pc of window.toubibConnections ?? []) {
    const stats = await pc.getStats();
    for (const s of stats.values()) {
      if (s.type !== "transport" || !s.selectedCandidatePairId) continue;
      const pair = stats.get(s.selectedCandidatePairId);
      ways.push([stats.get(pair.localCandidateId).candidateType, stats.get(pair.remoteCandidateId).candidateType]);
    }
  }
  return ways;
}"""

COLOUR = """(selector) => {
  const video = document.querySelector(selector);
  if (!video || !video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  pen.drawImage(video, 0, 0, 16, 16);
  const {data} = pen.getImageData(0, 0, 16, 16);
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += data[i + c];
  return sum.map((s) => Math.round(s / 256));
}"""


class Page(Protocol):
    """The part of Playwright's page that is used here."""

    def evaluate(self, expression: str, arg: Any = None) -> Any:
        """Run a script in the page."""
        ...

    def wait_for_timeout(self, timeout: float) -> None:
        """Let the page run for some milliseconds."""
        ...


@dataclass(frozen=True, slots=True)
class Media:
    """Figures of all open connections of a page, summed since each began."""

    frames: int
    energy: float
    packets: int
    lost: int
    width: int
    connections: int


@dataclass(frozen=True, slots=True)
class Flow:
    """What grew while a page was watched, second by second."""

    frames: tuple[int, ...] = ()
    energy: tuple[float, ...] = ()
    samples: tuple[Media, ...] = field(default=(), repr=False)

    @property
    def alive(self) -> bool:
        """Whether pictures were decoded and sound was heard in every second."""
        return bool(self.frames) and all(n > 0 for n in self.frames) and all(e > 0 for e in self.energy)


def watch_connections(target: Any) -> None:
    """Have every connection that a page (or all pages of a context) opens be found by `measure`."""
    target.add_init_script(WATCH)


def measure(page: Page) -> Media:
    """The page's figures now."""
    return Media(**page.evaluate(READ))


def ways(page: Page) -> list[tuple[str, str]]:
    """The kinds of candidate (`host`, `srflx`, `relay`) at this end and at the other, of each connection in use."""
    return [(near, far) for near, far in page.evaluate(WAYS)]


def watch(page: Page, seconds: int = 5) -> Flow:
    """Watch the media arriving at a page for some seconds."""
    return watch_all([page], seconds)[0]


def watch_all(pages: list[Page], seconds: int = 5) -> list[Flow]:
    """Watch several pages during the same seconds."""
    samples = [[measure(page)] for page in pages]
    for _ in range(seconds):
        pages[0].wait_for_timeout(1000)
        for page, seen in zip(pages, samples, strict=True):
            seen.append(measure(page))
    return [_flow(seen) for seen in samples]


def wait_for_media(page: Page, seconds: float = 30.0) -> Media:
    """Wait until pictures are decoded and sound is heard; raises `AssertionError` with the figures otherwise."""
    end = time.monotonic() + seconds
    now = measure(page)
    while time.monotonic() < end:
        now = measure(page)
        if now.frames > 0 and now.energy > 0:
            return now
        page.wait_for_timeout(250)
    raise AssertionError(f"no media after {seconds} s: {now}")


@contextmanager
def browsers(*cameras: tuple[int, int, int], folder: Path, flags: tuple[str, ...] = (), **context: Any) -> Iterator[list[Any]]:
    """One headless Chromium for each camera, which shows nothing but its colour; gives a page of each.

    `flags` are Chromium's own; `context` goes to Playwright's `new_context`. An error in any page's script fails the test at the end.
    """
    from playwright.sync_api import sync_playwright

    faults: list[str] = []
    with sync_playwright() as playwright, ExitStack() as stack:
        pages = []
        for number, camera in enumerate(cameras):
            film = plain_camera(folder / f"camera-{number}.y4m", camera)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags, film])
            stack.callback(browser.close)
            page = browser.new_context(**context).new_page()
            watch_connections(page)
            page.on("pageerror", lambda error: faults.append(str(error)))
            pages.append(page)
        yield pages
        assert faults == []


def colour(page: Page, selector: str) -> tuple[int, int, int] | None:
    """The mean colour of the picture that a video element shows; `None` while it shows none."""
    found = page.evaluate(COLOUR, selector)
    return None if found is None else (found[0], found[1], found[2])


def plain_camera(path: Path, colour: tuple[int, int, int], width: int = 320, height: int = 240, frames: int = 30) -> str:
    """Write a fake camera film of one plain colour (Y4M) and return the Chromium flag that uses it."""
    y, u, v = _yuv(*colour)
    picture = b"FRAME\n" + bytes([y]) * (width * height) + bytes([u]) * (width * height // 4) + bytes([v]) * (width * height // 4)
    path.write_bytes(f"YUV4MPEG2 W{width} H{height} F15:1 Ip A1:1 C420jpeg\n".encode() + picture * frames)
    return f"--use-file-for-fake-video-capture={path}"


def candidate_types(sdp: str) -> set[str]:
    """The types of ICE candidates (host, srflx, relay) in a description."""
    return set(re.findall(r"a=candidate:.* typ (\w+)", sdp))


def _flow(seen: list[Media]) -> Flow:
    pairs = list(pairwise(seen))
    return Flow(tuple(b.frames - a.frames for a, b in pairs), tuple(b.energy - a.energy for a, b in pairs), tuple(seen))


def _yuv(r: int, g: int, b: int) -> tuple[int, int, int]:
    y = 0.299 * r + 0.587 * g + 0.114 * b
    return round(y), round(128 + 0.564 * (b - y)), round(128 + 0.713 * (r - y))
