"""In real browsers of telephone size: from the first page to being let in, the practitioner's side beside it; every page held against axe."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toubib.db import database, session
from toubib.db.tables.directory import Practitioner
from toubib.runtime import Toubib
from toubib.testing.browser_media import CHROMIUM
from toubib.testing.browsers import PHONE, Person, at_browsers
from toubib.testing.practices import patient_session, practice, practitioner_session
from toubib.testing.servers import servers
from toubib_queue import duty
from toubib_queue.testing import line, place_of, secretary_session, sections

pytestmark = [pytest.mark.browser, pytest.mark.video, pytest.mark.slow]

PLUGINS = ["queue", "country_fr", "video_webrtc"]
ALWAYS = ["daily 00:00-24:00"]


def _sections() -> dict[str, Any]:
    steps = ["consent.remote_care", "queue.wait", "room.wait", "room.consult", "close.settle"]
    made = sections(line(hours=ALWAYS, languages=["fr", "en"]), journeys={"queue": {"steps": steps}})
    site = made["site"] | {"default_language": "fr", "home": "queue.start", "entries": ["queue.start", "queue.desk", "queue.board", "search.find"]}
    return made | {"use": {"media": ["video_webrtc"]}, "site": site}


def _signed_in(person: Person, token: str) -> None:
    person.page.context.add_cookies([{"name": "tb_session", "value": token, "url": person.base}])


@pytest.mark.feature("QUEUE-01:a", "QUEUE-02:a", "QUEUE-02:b", "QUEUE-07:a", "QUEUE-07:b", "QUEUE-08:a", "QUEUE-08:b")
def test_from_the_first_page_to_being_let_in(installation: Callable[..., Toubib], database_url: str, tmp_path: Path) -> None:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    installation(*PLUGINS, **_sections())
    with database().unit_of_work():
        made = practice(country="FR")
        session().get_one(Practitioner, made.practitioner_id).languages = ["fr", "en"]
        duty.begin(made.role_id, 24)
        other, _ = patient_session("Bea")
        before = place_of("now", other, language="fr")
        _, patients_token = patient_session("Ada")
        practitioners_token, staffs_token = practitioner_session(made), secretary_session(made.organisation_id)
    with (
        servers(database_url, tmp_path, PLUGINS, _sections(), processes=1) as ports,
        at_browsers((20, 90, 40), (90, 20, 40), base=f"http://localhost:{ports[0]}", folder=tmp_path, pictures="sqlite" in database_url) as people,
    ):
        patient, practitioner = people
        practitioner.size = PHONE
        practitioner.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        _signed_in(patient, patients_token)
        _signed_in(practitioner, practitioners_token)
        mine = _take_a_place(patient)
        practitioner.open("/queue/desk")
        practitioner.picture("queue-desk")
        practitioner.send(f"/queue/desk/{before}/take")
        patient.page.get_by_text("Vous êtes en position 1").wait_for()
        with database().unit_of_work():
            duty.begin(made.role_id, 24)
        practitioner.open("/queue/desk")
        practitioner.send(f"/queue/desk/{mine}/take")
        practitioner.fill(reason="Le premier patient est reparti")
        practitioner.check()
        practitioner.send(f"/queue/desk/{mine}/take")
        practitioner.page.wait_for_url(f"**/practice/visits/{mine}")
        patient.page.wait_for_url(f"**/visits/{mine}/room")
        patient.page.wait_for_selector("#waiting-room")
        patient.check()
        practitioner.open(f"/practice/visits/{mine}")
        assert "Depuis vendredi, surtout la nuit." in practitioner.words()
        practitioner.picture("queue-before-letting-in")
        practitioner.open(f"/queue/desk/{mine}/back")
        practitioner.open(f"/practice/visits/{mine}")
        _let_in(practitioner)
        patient.page.wait_for_selector("#call")
        practitioner.page.context.clear_cookies()
        _signed_in(practitioner, staffs_token)
        practitioner.open("/queue/board")
        practitioner.check()


def _take_a_place(patient: Person) -> str:
    patient.open("/queue/elsewhere?country=IT")
    patient.open("/")
    patient.picture("queue-start")
    patient.page.locator('a[href="/queue/lines/now"]').click()
    patient.page.wait_for_selector(".queue-signs")
    patient.picture("queue-signs")
    patient.page.locator('button[name=sign][value="chest"]').click()
    patient.page.wait_for_selector(".tb-emergency")
    patient.picture("queue-stop")
    patient.page.get_by_role("link", name="J’ai appuyé par erreur").click()
    patient.page.locator('button[name=sign][value="none"]').click()
    patient.page.wait_for_selector(".queue-question")
    for name, value in {"age": "adult", "area": "belly", "feeling": "1", "since": "days", "language": "fr"}.items():
        patient.choose(name, value)
    patient.fill(words="Depuis vendredi, surtout la nuit.")
    patient.picture("queue-questions")
    patient.send("/queue/lines/now")
    patient.page.wait_for_url("**/details")
    patient.page.locator('[name="consent.remote_care"]').check()
    patient.send("/details")
    patient.page.wait_for_selector("#queue-place")
    assert "Vous êtes en position 2" in patient.words()
    patient.picture("queue-place")
    return patient.page.url.rpartition("/")[2]


def _let_in(practitioner: Person) -> None:
    practitioner.page.locator('[name="identity_checked"]').locator("visible=true").check()
    country = practitioner.page.locator('select[name="country"]')
    if country.count() and not country.first.input_value():
        country.first.select_option("FR")
    practitioner.page.locator('[name="place"]').locator("visible=true").fill("3 rue des Acacias, 69003 Lyon")
    practitioner.page.locator('[name="phone"]').locator("visible=true").fill("01 99 00 00 01")
    practitioner.send("/admit")
    practitioner.page.wait_for_selector("#call")
