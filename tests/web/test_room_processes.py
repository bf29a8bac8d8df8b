"""A room across server processes: patient and practitioner sit on two of them, and one database is between."""

from collections.abc import Callable
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
SECTIONS: dict[str, Any] = {"use": {"media": PLUGINS}, "journeys": {"booked": {"steps": ["room.wait", "room.consult"]}}}


@pytest.fixture
def visit(installation: Callable[..., Toubib]) -> Booked:
    installation(*PLUGINS, **SECTIONS)
    with database().unit_of_work():
        visit = booked(practice(), clock.now() + timedelta(minutes=10))
        assert care.arrive(visit.encounter_id) is None
        assert care.admit(visit.encounter_id, AdmissionLine(True, "", "3 rue des Lilas", "01 99 00 00 01")) is None
    return visit


@pytest.mark.feature("ROOM-14:a")
def test_two_who_sit_on_two_server_processes_see_and_write_to_each_other(visit: Booked, database_url: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with servers(database_url, tmp_path, PLUGINS, SECTIONS, processes=2) as ports, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=media.CHROMIUM, args=list(media.FLAGS))
        here, there = (f"http://localhost:{port}" for port in ports)
        patient, practitioner = browser.new_context(locale="en"), browser.new_context(locale="en")
        for context in (patient, practitioner):
            media.watch_connections(context)
        at_home, at_work = patient.new_page(), practitioner.new_page()
        at_home.goto(f"{here}/join/{visit.token}")
        at_home.get_by_role("button", name="Open the visit").click()
        with database().unit_of_work(SYSTEM):
            token = practitioner_session(visit.practice)
        practitioner.add_cookies([{"name": "tb_session", "value": token, "url": there}])
        at_work.goto(f"{there}/visits/{visit.encounter_id}/room")
        at_home.goto(f"{here}/visits/{visit.encounter_id}/room")
        for page in (at_home, at_work):
            media.wait_for_media(page)
        at_home.click('[data-tb-call="chat"]')
        at_home.keyboard.type("I hear you.")
        at_home.get_by_role("button", name="Send the message").press("Enter")
        at_work.locator(".tb-chat-text", has_text="I hear you.").wait_for(timeout=10_000)
        at_home.reload()
        media.wait_for_media(at_home)
        browser.close()
