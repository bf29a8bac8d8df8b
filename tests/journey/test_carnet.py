"""mondocteur, "Carnet": from the week on the first page to an appointment that was kept, without a word of money or video."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from toubib.testing import walks
from toubib.testing.browsers import Person, at_browsers
from toubib.testing.demonstrations import Demonstration

pytestmark = [pytest.mark.browser, pytest.mark.slow]
GREY = (120, 120, 120)
ADDRESS = "nadia.carnet@exemple.test"
DOCTOR = "paul.ozanne@tilleuls.test"
MONEY_OR_VIDEO = re.compile(r"€|\bEUR\b|prix|payer|paiement|carte|débit|rembours|factur|honorair|vidéo|caméra|ordonnance", re.IGNORECASE)


@pytest.mark.feature("PLUG-11:a")
def test_a_patient_books_from_the_week_and_the_appointment_is_kept(start: Callable[..., Demonstration], tmp_path: Path) -> None:
    demo = start("mondocteur")
    said: list[str] = []

    def look(person: Person, name: str) -> None:
        person.picture(f"carnet-{name}", whole=False)
        said.append(person.words("body"))

    with at_browsers(GREY, GREY, base=demo.url, folder=tmp_path) as (patient, doctor):
        patient.open("/")
        assert patient.words("h1") == "Cabinet des Tilleuls"
        assert patient.page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily").startswith("Newsreader")
        look(patient, "1-week")
        patient.page.locator(".tb-week-line", has_text="Paul Ozanne").first.locator("form button").first.click()
        patient.page.wait_for_url("**/who")
        walks.identify(patient, demo, ADDRESS)
        walks.answer(patient, walks.IDENTITY)
        look(patient, "2-details")
        patient.send("/details")
        patient.page.wait_for_url(re.compile(r"/visits/[0-9a-f]+$"))
        encounter = walks.held(patient)
        look(patient, "3-booked")
        said.append(demo.mail(ADDRESS, lambda mail: "rendez-vous" in mail.subject).text)

        walks.sign_in(doctor, demo, DOCTOR, "/practice")
        look(doctor, "4-today")
        doctor.open(f"/practice/visits/{encounter}")
        doctor.send("/arrive")
        doctor.send("/admit")
        look(doctor, "5-visit")
        doctor.send("/end")
        look(doctor, "6-kept")
        patient.open(f"/visits/{encounter}")
        assert "Fait" in patient.words()
        look(patient, "7-kept")
    assert not [f"{word}: {text[:200]}" for text in said for word in MONEY_OR_VIDEO.findall(text)]
