"""Two real Chromium pages talk to each other: pictures decoded, sound heard, through reloads and dead servers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from toubib.testing import browser_media as media
from toubib.testing.lossy_network import lossy_network
from toubib.testing.relay import coturn, documented

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


@pytest.mark.video
@pytest.mark.feature("ROOM-04:a", "ROOM-05:a", "ROOM-12:a", "ROOM-15:a")
def test_each_sees_and_hears_the_other_and_again_after_a_reload(served: Served, tmp_path: Path) -> None:
    with media.browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner):
        patient.set_viewport_size({"width": 390, "height": 844})
        patient.goto(f"{served.url}/room/patient")
        wait_for_words(patient, "Waiting for Dr Lemaire")
        practitioner.goto(f"{served.url}/room/practitioner")
        see_each_other(patient, practitioner)
        assert "In the room: Dr Lemaire." in spoken(patient)
        assert "hear the sound" not in spoken(patient)
        assert "connection" in words(patient)
        patient.reload()
        see_each_other(patient, practitioner)
        practitioner.reload()
        see_each_other(patient, practitioner, seconds=2)


@pytest.mark.video
@pytest.mark.feature("ROOM-05:c")
def test_the_picture_outlives_the_server_and_signalling_returns(served: Served, tmp_path: Path) -> None:
    with media.browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner):
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


@pytest.mark.video
def test_buttons_keys_and_hanging_up(served: Served, tmp_path: Path) -> None:
    with media.browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner):
        patient.goto(f"{served.url}/room/patient")
        practitioner.goto(f"{served.url}/room/practitioner")
        see_each_other(patient, practitioner, seconds=1)
        patient.keyboard.press("m")
        patient.wait_for_selector("[data-tb-call=microphone][aria-pressed=true]")
        assert "Microphone off" in spoken(patient)
        practitioner.locator("#call-events", has_text="Anne Martin: microphone off").wait_for(state="attached")
        silent = media.watch(practitioner, 3).energy
        assert silent[-1] < 1e-6, silent
        patient.click("[data-tb-call=microphone]")
        patient.click("[data-tb-call=camera]")
        patient.wait_for_selector("[data-tb-call=camera][aria-pressed=true]")
        practitioner.wait_for_timeout(1500)
        dark = media.watch(practitioner, 3)
        assert sum(dark.frames) == 0
        assert not practitioner.is_visible("#call-remote")
        assert "camera off" in practitioner.inner_text(".tb-call-remote figcaption")
        assert all(e > 0 for e in dark.energy)
        patient.click("[data-tb-call=camera]")
        see_each_other(patient, practitioner, seconds=2)
        assert practitioner.is_visible("#call-remote")
        patient.focus("#f-message")
        patient.keyboard.type("mc?")
        assert patient.input_value("#f-message") == "mc?"
        assert patient.get_attribute("[data-tb-call=microphone]", "aria-pressed") == "false"
        patient.focus("[data-tb-call=move]")
        patient.keyboard.press("?")
        assert patient.evaluate("() => document.querySelector('[data-tb-keys]').open")
        assert "M: microphone on or off" in spoken(patient)
        before = patient.get_attribute(".tb-call-self", "data-corner")
        patient.click("[data-tb-call=move]")
        assert patient.get_attribute(".tb-call-self", "data-corner") != before
        patient.click("[data-tb-call=leave]")
        patient.wait_for_url("**/left")
        practitioner.wait_for_function("() => document.querySelector('#call-events').textContent.includes('Anne Martin left the call')")
        practitioner.goto(f"{served.url}/close")


@pytest.mark.video
def test_a_second_window_takes_the_call_and_a_stranger_does_not_fit(served: Served, tmp_path: Path) -> None:
    with media.browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner):
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


@pytest.mark.video
@pytest.mark.feature("ROOM-05:b", "ROOM-11:c")
def test_the_call_comes_back_after_loss_a_dead_network_and_another_network(served: Served, tmp_path: Path) -> None:
    with media.browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner), lossy_network(patient, practitioner) as network:
        patient.goto(f"{served.url}/room/patient")
        practitioner.goto(f"{served.url}/room/practitioner")
        see_each_other(patient, practitioner, seconds=2)
        wait_for_words(patient, "Good connection")
        network.lose_every = 6
        wait_for_words(patient, "eak connection", 15)
        assert all(flow.alive for flow in media.watch_all([patient, practitioner], 2))
        network.lose_every = 0
        network.cut = True
        patient.context.set_offline(True)
        wait_for_words(patient, "Reconnecting", 10)
        patient.wait_for_timeout(5000)
        network.cut = False
        patient.context.set_offline(False)
        wait_for_words(patient, "onnection", 20)
        practitioner.wait_for_timeout(3000)
        see_each_other(patient, practitioner, seconds=2)
        network.die()
        began, before = time.monotonic(), media.measure(patient).frames
        patient.wait_for_timeout(1000)
        while (now := media.measure(patient).frames) < before + 30:
            assert time.monotonic() - began < 15, now
            patient.wait_for_timeout(200)
        see_each_other(patient, practitioner, seconds=2)


@pytest.mark.video
def test_somebody_without_camera_and_microphone_still_sees_and_hears(served: Served, tmp_path: Path) -> None:
    with media.browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner):
        patient.add_init_script("navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))")
        patient.goto(f"{served.url}/room/patient")
        practitioner.goto(f"{served.url}/room/practitioner")
        media.wait_for_media(patient)
        assert media.watch(patient, 8).alive
        assert near(media.colour(patient, "#call-remote"), BLUE)
        assert "No camera or microphone was found" in spoken(patient)
        for page in (patient, practitioner):
            assert "connection" in words(page)
            assert "Reconnecting" not in spoken(page)


WATCHDOG = """async ({flow, after, step}) => {
  const {Watchdog} = await import("/video_webrtc/static/watchdog.js");
  const dog = new Watchdog(), restarts = [];
  let media = 0, any = 0;
  for (let now = 0; now < after; now += 300) {
    if (now < flow.until || now >= (flow.again ?? Infinity)) { media += flow.media; any += flow.media + flow.checks; }
    if (dog.observe({media, any, now})) restarts.push(now);
  }
  return restarts;
}"""


def test_the_watchdog_counts_packets_and_is_patient_where_few_come(served: Served, tmp_path: Path) -> None:
    with media.browsers(RED, folder=tmp_path) as (page,):
        page.goto(f"{served.url}/room/patient")

        def restarts(after: int, **flow: float) -> list[int]:
            found: list[int] = page.evaluate(WATCHDOG, {"flow": flow, "after": after})
            return found

        assert restarts(30_000, media=20, checks=0, until=30_000) == []
        first, *later = restarts(30_000, media=20, checks=0, until=9000)
        assert 9000 + 1200 <= first <= 9000 + 2100
        assert [b - a >= 5000 for a, b in zip([first, *later], later, strict=False)] == [True] * len(later)
        assert len(later) <= 3
        quiet = restarts(30_000, media=0, checks=1, until=9000)
        assert quiet[0] >= 9000 + 5700
        assert len(restarts(30_000, media=20, checks=0, until=9000, again=12_000)) == 1


@pytest.mark.video
def test_a_path_that_dies_is_noticed_within_two_seconds(served: Served, tmp_path: Path) -> None:
    with media.browsers(RED, BLUE, folder=tmp_path) as (patient, practitioner):
        patient.goto(f"{served.url}/room/patient")
        practitioner.goto(f"{served.url}/room/practitioner")
        see_each_other(patient, practitioner, seconds=3)
        practitioner.evaluate("() => window.toubibConnections.at(-1).close()")
        began = time.monotonic()
        wait_for_words(patient, "Reconnecting", 10)
        assert time.monotonic() - began < 4
        assert "Reconnecting" in spoken(patient)
        practitioner.reload()
        see_each_other(patient, practitioner, seconds=2)


def verdicts(page: Any) -> dict[str, tuple[str, str, str]]:
    """State, verdict and cure of each line of the test."""
    lines = page.locator("[data-tb-test]").all()
    return {
        line.get_attribute("data-tb-test"): (
            line.get_attribute("data-state"),
            line.locator("[data-tb-verdict]").text_content(),
            line.locator("[data-tb-cure]").text_content(),
        )
        for line in lines
    }


def run_test(page: Any, url: str) -> dict[str, tuple[str, str, str]]:
    page.goto(url)
    page.click("[data-begin]")
    page.wait_for_selector("[data-video-webrtc-test][data-done=true]", state="attached", timeout=60_000)
    return verdicts(page)


@pytest.mark.video
@pytest.mark.feature("ROOM-01:a", "ROOM-01:b", "ROOM-01:c", "ROOM-01:d")
def test_camera_microphone_and_network_are_really_tried(served: Served, tmp_path: Path) -> None:
    with media.browsers(RED, folder=tmp_path) as (page,):
        found = run_test(page, f"{served.url}/test/patient")
        assert {key: state for key, (state, _, _) in found.items()} == {"camera": "ok", "microphone": "ok", "network": "ok"}
        result = page.evaluate("() => document.querySelector('[data-video-webrtc-test]').test.result")
        assert result["outcome"] == "measured"
        assert result["frames"] > 5
        assert result["packets"] > 50
        assert "tb-button-primary" in page.get_attribute("#test-onward", "class")
        page.goto(f"{served.url}/marks")
        assert json.loads(page.inner_text("body")) == {"patient.camera": "ok", "patient.microphone": "ok", "patient.network": "ok"}


@pytest.mark.feature("ROOM-01:d")
def test_each_failure_has_its_verdict_and_its_cure(tmp_path: Path) -> None:
    server = Served(tmp_path, '{"echo": false}')
    server.start()
    black = (0, 0, 0)
    with media.browsers(black, black, folder=tmp_path) as (covered, bare):
        found = run_test(covered, f"{server.url}/test/patient")
        assert found["camera"][0] == "weak"
        assert "black" in found["camera"][1]
        assert "Uncover the camera" in found["camera"][2]
        assert found["network"][:2] == ("weak", "The page answers; sound and picture could not be tested.")
        for name, words in (("NotAllowedError", "allow the camera"), ("NotFoundError", "Connect a camera"), ("NotReadableError", "Close the other programs")):
            bare.add_init_script(f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '{name}'))")
            found = run_test(bare, f"{server.url}/test/patient")
            assert found["camera"][0] == found["microphone"][0] == "failed"
            assert words in found["camera"][2]
        bare.add_init_script("window.WebSocket = class extends WebSocket { constructor() { super('ws://127.0.0.1:9/'); } }")
        found = run_test(bare, f"{server.url}/test/patient")
        assert found["network"][:2] == ("failed", "This network blocks the connection that a call needs.")
    server.kill()


@pytest.mark.video
@pytest.mark.relay
@pytest.mark.feature("ROOM-04:b")
def test_a_call_passes_through_a_relay_alone_inside_tls(tmp_path: Path) -> None:
    configuration = documented(APP.parents[1] / "README.md", "only of the tests", loopback=True)
    with coturn(configuration, tmp_path) as relay:
        own = {"relay_only": True, "turn_urls": [f"turns:localhost:{relay.tls_port}?transport=tcp"], "turn_secret": "only of the tests"}
        server = Served(tmp_path, json.dumps(own))
        server.start()
        with media.browsers(RED, BLUE, folder=tmp_path, flags=("--ignore-certificate-errors",)) as (patient, practitioner):
            found = run_test(patient, f"{server.url}/test/patient")
            assert found["network"][0] == "ok"
            patient.goto(f"{server.url}/room/patient")
            practitioner.goto(f"{server.url}/room/practitioner")
            see_each_other(patient, practitioner)
            assert media.ways(patient) == media.ways(practitioner) == [("relay", "relay")]
        server.kill()


@pytest.mark.feature("ROOM-01:c", "ROOM-01:d")
def test_media_that_do_not_pass_are_told_from_a_service_that_is_down(tmp_path: Path) -> None:
    unreachable = {"relay_only": True, "turn_urls": ["turn:127.0.0.1:9?transport=tcp"], "turn_secret": "no such server"}
    server = Served(tmp_path, json.dumps(unreachable))
    server.start()
    with media.browsers(RED, folder=tmp_path) as (page,):
        found = run_test(page, f"{server.url}/test/patient")
        assert found["network"][:2] == ("failed", "Sound and picture do not pass.")
        assert "another network" in found["network"][2]
    server.kill()
