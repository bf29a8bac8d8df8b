"""Two real Chromium pages talk to each other: pictures decoded, sound heard, through reloads and dead servers."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from toubib.testing import browser_media as media

pytestmark = [pytest.mark.browser, pytest.mark.slow]
APP = Path(__file__).with_name("served_app.py")
RED, BLUE = (200, 40, 40), (40, 60, 200)


class Served:
    """The application of the tests in a process of its own, to be killed and started again."""

    def __init__(self, folder: Path, settings: str = "{}") -> None:
        self.folder, self.settings = folder, settings
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        log = (self.folder / "server.log").open("ab")
        command = [sys.executable, str(APP), str(self.port), str(self.folder), self.settings]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONWARNINGS": "ignore"})
        log.close()
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError((self.folder / "server.log").read_text()[-2000:])

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            self.process = None


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path)
    server.start()
    yield server
    server.kill()


@contextmanager
def browsers(*colours: tuple[int, int, int], folder: Path) -> Iterator[list[Any]]:
    """One browser for each colour, its fake camera showing nothing else; gives a page of each."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened: list[Any] = []
        pages: list[Any] = []
        faults: list[str] = []
        for n, colour in enumerate(colours):
            film = media.plain_camera(folder / f"camera-{n}.y4m", colour)
            browser = playwright.chromium.launch(executable_path=media.CHROMIUM, args=[*media.FLAGS, film])
            opened.append(browser)
            page = browser.new_context().new_page()
            media.watch_connections(page)
            page.on("pageerror", lambda error: faults.append(str(error)))
            pages.append(page)
        try:
            yield pages
            assert faults == []
        finally:
            for browser in opened:
                browser.close()


def near(seen: tuple[int, int, int] | None, wanted: tuple[int, int, int]) -> bool:
    return seen is not None and all(abs(a - b) < 60 for a, b in zip(seen, wanted, strict=True))


def see_each_other(patient: Any, practitioner: Any, seconds: int = 5) -> None:
    """Pictures and sound arrive in each of these seconds, and each side sees the other's picture, not its own."""
    for page in (patient, practitioner):
        media.wait_for_media(page)
    flows = media.watch_all([patient, practitioner], seconds)
    assert all(flow.alive for flow in flows), flows
    assert near(media.colour(patient, "#call-remote"), BLUE)
    assert near(media.colour(practitioner, "#call-remote"), RED)


def words(page: Any) -> str:
    return str(page.inner_text("#call-state"))


def wait_for_words(page: Any, text: str, seconds: float = 20) -> None:
    page.locator("#call-state", has_text=text).wait_for(timeout=seconds * 1000)


def spoken(page: Any) -> str:
    return str(page.text_content("#call-events"))


@pytest.mark.feature("ROOM-04:a", "ROOM-05:a")
def test_each_sees_and_hears_the_other_and_again_after_a_reload(served: Served, tmp_path: Path) -> None:
    with browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner):
        patient.goto(f"{served.url}/room/patient")
        wait_for_words(patient, "Waiting for Dr Lemaire")
        practitioner.goto(f"{served.url}/room/practitioner")
        see_each_other(patient, practitioner)
        assert "In the room: Dr Lemaire." in spoken(patient)
        assert "connection" in words(patient)
        patient.reload()
        see_each_other(patient, practitioner)
        practitioner.reload()
        see_each_other(patient, practitioner, seconds=2)


@pytest.mark.feature("ROOM-05:c")
def test_the_picture_outlives_the_server_and_signalling_returns(served: Served, tmp_path: Path) -> None:
    with browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner):
        patient.goto(f"{served.url}/room/patient")
        practitioner.goto(f"{served.url}/room/practitioner")
        see_each_other(patient, practitioner, seconds=1)
        served.kill()
        flows = media.watch_all([patient, practitioner], 4)
        assert all(flow.alive for flow in flows), flows
        served.start()
        for page in (patient, practitioner):
            page.wait_for_function("() => document.querySelector('[data-video-webrtc-call]').call.signalling.isUp", timeout=20_000)
        assert media.measure(patient).connections == 1
        patient.evaluate("document.querySelector('[data-video-webrtc-call]').call.pc.restartIce()")
        practitioner.wait_for_timeout(1500)
        see_each_other(patient, practitioner, seconds=2)


def test_buttons_keys_and_hanging_up(served: Served, tmp_path: Path) -> None:
    with browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner):
        patient.goto(f"{served.url}/room/patient")
        practitioner.goto(f"{served.url}/room/practitioner")
        see_each_other(patient, practitioner, seconds=1)
        patient.keyboard.press("m")
        patient.wait_for_selector("[data-tb-call=microphone][aria-pressed=true]")
        assert "Microphone off" in spoken(patient)
        silent = media.watch(practitioner, 3).energy
        assert silent[-1] < 1e-6, silent
        patient.click("[data-tb-call=microphone]")
        patient.click("[data-tb-call=camera]")
        patient.wait_for_selector("[data-tb-call=camera][aria-pressed=true]")
        practitioner.wait_for_timeout(1500)
        dark = media.watch(practitioner, 3)
        assert sum(dark.frames) == 0
        assert all(e > 0 for e in dark.energy)
        patient.click("[data-tb-call=camera]")
        see_each_other(patient, practitioner, seconds=2)
        patient.fill("#note", "")
        patient.focus("#note")
        patient.keyboard.type("mc?")
        assert patient.input_value("#note") == "mc?"
        assert patient.get_attribute("[data-tb-call=microphone]", "aria-pressed") == "false"
        before = patient.get_attribute(".tb-call-self", "data-corner")
        patient.click("[data-tb-call=move]")
        assert patient.get_attribute(".tb-call-self", "data-corner") != before
        patient.click("[data-tb-call=leave]")
        wait_for_words(patient, "You left the call")
        practitioner.wait_for_function("() => document.querySelector('#call-events').textContent.includes('Anne Martin: left the call')")
        practitioner.goto(f"{served.url}/close")


def test_a_second_window_takes_the_call_and_a_stranger_does_not_fit(served: Served, tmp_path: Path) -> None:
    with browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner):
        patient.goto(f"{served.url}/room/patient")
        practitioner.goto(f"{served.url}/room/practitioner")
        see_each_other(patient, practitioner, seconds=1)
        other = patient.context.new_page()
        media.watch_connections(other)
        other.goto(f"{served.url}/room/patient")
        wait_for_words(patient, "another window")
        see_each_other(other, practitioner, seconds=1)
        guest = practitioner.context.browser.new_context().new_page()
        guest.goto(f"{served.url}/room/guest")
        wait_for_words(guest, "The room is full")
        guest.goto(f"{served.url}/close")
        wait_for_words(other, "The consultation has ended")
        wait_for_words(practitioner, "The consultation has ended")
