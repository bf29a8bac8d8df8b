"""mondocteur, "Carnet": from the week on the first page to an appointment that was kept, without a word of money or video."""

import re
from pathlib import Path

import pytest

from toubib.testing import walks
from toubib.testing.browsers import at_browsers

from .conftest import Start

pytestmark = [pytest.mark.browser, pytest.mark.slow]
GREY = (120, 120, 120)
ADDRESS = "nadia.carnet@exemple.test"
MONEY_OR_VIDEO = re.compile(r"€|\bEUR\b|prix|payer|paiement|carte|débit|rembours|vidéo|caméra|ordonnance", re.IGNORECASE)


@pytest.mark.feature("PLUG-11:a", "PLUG-11:b")
def test_a_patient_books_from_the_week_and_the_appointment_is_kept(start: Start, tmp_path: Path) -> None:
    demo = start("mondocteur")
    said: list[str] = []
    with at_browsers(GREY, GREY, base=demo.url, folder=tmp_path) as (patient, nurse):
        patient.open("/")
        assert patient.words("h1") == "Cabinet des Tilleuls"
        patient.picture("carnet-1-week", whole=False)
        said.append(patient.words("body"))
        walks.hold(patient)
        walks.identify(patient, demo, ADDRESS)
        said.append(patient.words("body"))
        patient.fill(**walks.IDENTITY.typed)
        for name, value in walks.IDENTITY.chosen.items():
            patient.choose(name, value)
        patient.picture("carnet-2-details")
        patient.send("/details")
        patient.page.wait_for_url(re.compile(r"/visits/[0-9a-f]+$"))
        patient.picture("carnet-3-booked")
        said += [patient.words("body"), demo.mail(ADDRESS, lambda mail: "rendez-vous" in mail.subject).text]
        assert not [word for text in said for word in MONEY_OR_VIDEO.findall(text)]
