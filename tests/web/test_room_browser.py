"""The room in real Chromium pages: the wait ends by itself, both talk and write, the end comes to the patient's page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from toubib.contracts.identity import SYSTEM
from toubib.db import database
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.services import care
from toubib.services.care import AdmissionLine
from toubib.testing import browser_media as media
from toubib.testing.booked import Booked, booked
from toubib.testing.practices import practice, practitioner_session
from toubib.testing.servers import servers

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.video]

PLUGINS = ["video_webrtc"]
SECTIONS: dict[str, Any] = {"use": {"media": PLUGINS}, "journeys": {"booked": {"steps": ["video_webrtc.test", "room.wait", "room.consult"]}}}
AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"
FAULTS = "async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes.map(n => n.target).join(' '))"


@contextmanager
def chromium() -> Iterator[tuple[Any, Any]]:
    """A phone and a computer, without a common cookie."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=media.CHROMIUM, args=list(media.FLAGS))
        phone = browser.new_context(locale="en", viewport={"width": 390, "height": 844})
        computer = browser.new_context(locale="en", viewport={"width": 1280, "height": 800})
        for context in (phone, computer):
            media.watch_connections(context)
        yield phone.new_page(), computer.new_page()
        browser.close()


def faults(page: Any) -> Any:
    """What axe finds, and whether the page is wider than its window."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = list(page.evaluate(FAULTS))
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return found + (["wider than the screen"] if wide else [])


@pytest.fixture
def visit(installation: Callable[..., Toubib]) -> Booked:
    installation(*PLUGINS, **SECTIONS)
    with database().unit_of_work():
        return booked(practice(), clock.now() + timedelta(minutes=10))


@pytest.mark.feature("ROOM-02:a", "ROOM-02:b", "ROOM-03:a", "ROOM-08:a", "EASE-06:a")
def test_from_the_mailed_link_to_the_end(visit: Booked, database_url: str, tmp_path: Path) -> None:
    with servers(database_url, tmp_path, PLUGINS, SECTIONS, processes=1) as (port,), chromium() as (patient, practitioner):
        site = f"http://localhost:{port}"
        patient.goto(f"{site}/join/{visit.token}")
        assert faults(patient) == []
        patient.get_by_role("button", name="Open the visit").click()
        patient.get_by_role("link", name="Go on to the waiting room").click()
        patient.get_by_text("You are in the waiting room").wait_for()
        assert faults(patient) == []
        _admit(visit)
        patient.locator("#call").wait_for(timeout=15_000)
        _talk_and_write(patient, practitioner, visit, site)
        with database().unit_of_work(SYSTEM):
            care.end(visit.encounter_id)
        patient.get_by_role("heading", name="The consultation has ended").wait_for(timeout=15_000)
        assert faults(patient) == []


def _admit(visit: Booked) -> None:
    with database().unit_of_work(SYSTEM):
        assert care.admit(visit.encounter_id, AdmissionLine(True, "", "3 rue des Lilas", "01 99 00 00 01")) is None


def _talk_and_write(patient: Any, practitioner: Any, visit: Booked, site: str) -> None:
    with database().unit_of_work():
        token = practitioner_session(visit.practice)
    practitioner.context.add_cookies([{"name": "tb_session", "value": token, "url": site}])
    practitioner.goto(f"{site}/visits/{visit.encounter_id}/room")
    for page in (patient, practitioner):
        media.wait_for_media(page)
    assert faults(patient) == []
    patient.click('[data-tb-call="chat"]')
    patient.keyboard.type("I hear you.")
    patient.get_by_role("button", name="Send the message").press("Enter")
    patient.locator(".tb-chat-mine", has_text="I hear you.").wait_for()
    patient.wait_for_function("document.activeElement.id === 'f-message'")
    practitioner.locator(".tb-chat-text", has_text="I hear you.").wait_for(timeout=10_000)
    practitioner.locator("#announcer", has_text="Ada Test wrote: I hear you.").wait_for(state="attached")
    assert media.measure(patient).connections == 1, "writing does not disturb the call"
