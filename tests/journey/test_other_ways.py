"""Other ways through the same pages: in few taps, by keyboard alone, with cards that are refused or questioned, in English."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from toubib.testing import walks
from toubib.testing.browser_media import wait_for_media
from toubib.testing.browsers import Person, at_browsers, counted
from toubib.testing.demonstrations import Demonstration, get, wait_for
from toubib.testing.walks import Answers
from toubib_payment_stripe.double import DEFAULT_SECRET_KEY

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.parametrize("demo", [pytest.param("sqlite", id="embedded")], indirect=True)]
"""About pages and cards, not about the database: the seven steps run on both."""
RED, BLUE = (200, 40, 40), (40, 60, 200)
DOCTOR = "camille.lemaire@pont-neuf.test"
SCREENS = {"who", "details", "price"}


@pytest.mark.feature("EASE-01:a", "EASE-01:b", "EASE-05:a", "EASE-05:b")
def test_a_new_patient_meets_three_screens_and_a_returning_one_taps_eight_times_at_most(demo: Demonstration, coverage: Answers, tmp_path: Path) -> None:
    visited: list[str] = []
    with at_browsers(RED, base=demo.url, folder=tmp_path) as (patient,):
        patient.page.on("framenavigated", lambda frame: visited.append(urlsplit(frame.url).path))
        walks.book(patient, demo, "aline.modele@exemple.test", coverage)
        assert {path.rsplit("/", 1)[1] for path in visited if re.match(r"/visits/\w+/", path)} - {"paid"} == SCREENS
        with counted(patient) as taps:
            walks.search(patient)
            walks.hold(patient)
            assert patient.page.locator('[name="identity.family_name"]').input_value() == "Testard"
            assert patient.page.locator('[name="claims_fr.scheme"]').input_value() == "general"
            patient.page.locator('[name="consent.remote_care"]').check()
            patient.send("/details")
            walks.checkout(patient)
            walks.pay(patient)
            walks.come_back(patient)
        assert 4 <= len(taps) <= 8, taps


@pytest.mark.video
@pytest.mark.timeout(420)
@pytest.mark.feature("REACH-02:b", "PAY-03:b")
def test_a_whole_visit_by_keyboard_alone(demo: Demonstration, coverage: Answers, tmp_path: Path) -> None:
    with at_browsers(RED, BLUE, base=demo.url, folder=tmp_path) as (patient, practitioner):
        with counted(patient) as taps, counted(practitioner) as clicks:
            encounter = book_by_keyboard(patient, demo, "basile.clavier@exemple.test", coverage)
            wait_by_keyboard(patient)
            consult_by_keyboard(practitioner, demo, encounter)
            patient.page.wait_for_function("() => !document.querySelector('#call')")
            patient.key_press('main a[href$="/visits/' + encounter + '"]')
            patient.key_press('a[href^="/documents/"]', "Tab")
        assert (taps, clicks) == ([], [])
        newest = payments(demo)[0]
        assert (newest["amount"], newest["amount_received"], newest["amount_capturable"]) == (2500, 2000, 0)


def book_by_keyboard(patient: Person, demo: Demonstration, address: str, coverage: Answers) -> str:
    """From the first page to the booked visit without a pointer."""
    patient.open("/")
    patient.type_into('[name="what"]', "médecin généraliste")
    patient.type_into('[name="where"]', "Lyon")
    patient.key_press('form[action="/search"] button')
    patient.page.wait_for_url("**/search?**")
    patient.key_press('form[action="/hold"] button')
    patient.page.wait_for_url("**/who")
    patient.type_into('[name="email"]', address)
    patient.key_press('form[action$="/who"] button[type=submit]')
    patient.type_into('[name="code"]', walks.newest_code(demo, address))
    if patient.page.url.endswith("/who"):
        patient.page.keyboard.press("Enter")
    patient.page.wait_for_url("**/details")
    typed = dict(walks.IDENTITY.typed)
    phone = typed.pop("identity.phone")
    for name, value in typed.items():
        patient.type_into(f'[name="{name}"]', value)
    patient.key_choose("identity.sex", walks.IDENTITY.chosen["identity.sex"])
    patient.type_into('[name="identity.phone"]', phone)
    patient.key_press('[name="consent.remote_care"]', "Space")
    for name, value in coverage.typed.items():
        patient.type_into(f'[name="{name}"]', value)
    for name, value in coverage.chosen.items():
        patient.key_choose(name, value)
    patient.key_press('form[action$="/details"] button[type=submit]')
    patient.page.wait_for_url("**/price")
    patient.key_press('form[action$="/pay"] button[type=submit]')
    patient.page.wait_for_url(re.compile("/c/pay/"))
    patient.key_press("main form button")
    walks.come_back(patient)
    return walks.held(patient)


def wait_by_keyboard(patient: Person) -> None:
    """From the page of the visit through the test to the waiting room."""
    if not patient.page.locator('a[href$="/test"]').locator("visible=true").count():
        patient.key_press(".tb-thread-fold summary")
    patient.key_press('a[href$="/test"]')
    patient.page.wait_for_url("**/test")
    patient.key_press("[data-begin]")
    patient.page.wait_for_function("() => [...document.querySelectorAll('[data-tb-test]')].every((e) => ['ok', 'weak'].includes(e.dataset.state))")
    patient.key_press('a[href$="/room"]')
    patient.page.wait_for_selector("#waiting-room")


def consult_by_keyboard(practitioner: Person, demo: Demonstration, encounter: str) -> None:
    """Sign in, admit, prescribe, sign and end without a pointer."""
    before = len(demo.mails(DOCTOR))
    practitioner.open("/practice")
    practitioner.type_into('[name="email"]', DOCTOR)
    practitioner.page.keyboard.press("Enter")
    practitioner.page.wait_for_url("**/sign-in/code**")
    practitioner.type_into('[name="code"]', walks.newest_code(demo, DOCTOR, before))
    if "/second-factor" not in practitioner.page.url:
        practitioner.page.keyboard.press("Enter")
    practitioner.page.wait_for_url("**/second-factor**")
    walks.pass_second_factor(practitioner)
    practitioner.key_press(f"#visit-{encounter} a.tb-button")
    practitioner.key_press('[name="identity_checked"]', "Space")
    practitioner.type_into('[name="place"]', "5 place du Test, 69003 Lyon")
    practitioner.page.keyboard.press("Enter")
    practitioner.page.wait_for_selector("#call")
    wait_for_media(practitioner.page)  # nothing may be prescribed to somebody who was not spoken with
    practitioner.type_into("#f-drug", "paracetamol")
    practitioner.page.keyboard.press("Enter")
    practitioner.page.wait_for_selector(".tb-drug-results")
    practitioner.key_press('button[name="add"]')
    practitioner.page.wait_for_selector(".tb-rx-line")
    for key, value in {"dose": "1 comprimé", "when": "le soir", "duration": "3 jours"}.items():
        practitioner.type_into(f'[name$="-{key}"]', value)
    practitioner.key_press('button[name="sign"]')
    practitioner.page.wait_for_selector(".tb-sheet")
    practitioner.key_press('form[action$="/prescription/sign"] button')
    practitioner.page.wait_for_selector("#rx a[href*='/documents/']")
    practitioner.type_into('[name="fee"]', "20,00")
    practitioner.key_press("#end-form button[type=submit]")
    practitioner.page.wait_for_selector(".tb-receipt")


def payments(demo: Demonstration) -> list[dict[str, Any]]:
    """Every payment as the double itself tells it, newest first."""
    found: list[dict[str, Any]] = json.loads(get(demo.double, "/v1/payment_intents", {"Authorization": f"Bearer {DEFAULT_SECRET_KEY}"}))["data"]
    return found


@pytest.mark.feature("PAY-01:a", "PAY-01:b", "BOOK-07:a", "BOOK-07:b")
def test_a_refused_card_books_nothing_a_questioned_one_does_and_cancelling_releases_it(demo: Demonstration, coverage: Answers, tmp_path: Path) -> None:
    with at_browsers(RED, base=demo.url, folder=tmp_path) as (patient,):
        walks.search(patient)
        start = starts(patient)[0]
        walks.hold(patient)
        walks.identify(patient, demo, "carole.exemple@exemple.test")
        walks.tell(patient, coverage)
        patient.send("/details")
        walks.checkout(patient)
        walks.pay(patient, walks.REFUSED)
        assert "Votre carte a été refusée." in patient.words()
        patient.page.locator("a.quiet").click()
        patient.page.wait_for_url("**/paid**")
        assert "Rien n’a été débité" in patient.words()
        patient.check()
        walks.checkout(patient)
        walks.pay(patient, walks.CHALLENGED)
        patient.page.locator('button[value="yes"]').click()
        walks.come_back(patient)
        encounter = walks.held(patient)
        patient.page.locator('a[href$="/cancel"]').click()
        patient.check()
        patient.send("/cancel")
        patient.check()
        walks.search(patient)
        assert start in starts(patient)
        wait_for(lambda: released(patient, encounter), "the release of what was held")
        demo.mail("carole.exemple@exemple.test", lambda m: "annulé" in m.subject)


def starts(person: Person) -> list[str]:
    """The times that the page offers."""
    found: list[str] = person.page.locator('form[action="/hold"] button').evaluate_all("(all) => all.map((b) => b.value)")
    return found


def released(patient: Person, encounter: str) -> bool | None:
    """Whether the page of a visit says that the held amount was released."""
    patient.open(f"/visits/{encounter}")
    return True if re.search(r"25,00 € (libérés|released)", patient.words()) else None


@pytest.mark.feature("REACH-04:a", "REACH-04:b")
def test_the_same_pages_speak_english(demo: Demonstration, tmp_path: Path) -> None:
    with at_browsers(RED, base=demo.url, folder=tmp_path, locale="en-GB") as (visitor,):
        visitor.open("/")
        assert visitor.page.locator("html").get_attribute("lang") == "en"
        assert visitor.words("h1") == "Find a practitioner, book, consult"
        walks.search(visitor, "general practitioner", "Lyon")
        assert "€25.00" in visitor.words()
        assert re.search(r"\d{1,2}:\d\d", visitor.words(".tb-slots"))
        walks.hold(visitor)
        assert visitor.words("h1") == "Your mail address"
        visitor.page.locator('button[name="language"][value="fr"]').click()
        visitor.page.wait_for_load_state()
        assert visitor.page.locator("html").get_attribute("lang") == "fr"
        assert visitor.words("h1") != "Your mail address"
