"""livi, "Nordvik": somebody insured in Sweden, in Nice, reads Swedish, proves who she is at her own country's service and pays euros.

Emergency number and licence follow where she is, reimbursement her coverage, currency the clinic that bills, language her preference,
and the identity step her coverage: in this one visit they all differ.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from toubib.testing import walks
from toubib.testing.browsers import Person, at_browsers
from toubib.testing.demonstrations import Demonstration, rows, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.video, pytest.mark.slow, pytest.mark.timeout(300)]
GREEN, BLUE = (20, 90, 40), (40, 60, 200)
DOCTOR = "lucie.inventee@nordvik.test"
ENVIRONMENT = {
    "TOUBIB__SETTINGS__PAYMENT_STRIPE__API_BASE": "http://127.0.0.1:{double}",
    "TOUBIB__SETTINGS__AUTH_OIDC__PROVIDERS__MEDBORGARE__ISSUER": "http://127.0.0.1:{identity}/medborgare",
}
SYMPTOMS = {"age": "adult", "area": "throat", "feeling": "1", "since": "days", "language": "sv"}


def test_one_visit_in_which_every_country_differs(start: Callable[..., Demonstration], tmp_path: Path) -> None:
    demo = start("livi", **ENVIRONMENT)
    with at_browsers(GREEN, BLUE, base=demo.url, folder=tmp_path, locale="sv-SE") as (patient, doctor):
        encounter = ask(patient)
        prove(patient)
        pay(patient)
        walks.sign_in(doctor, demo, DOCTOR, "/queue/desk")
        doctor.send(f"/queue/desk/{encounter}/take")
        patient.page.wait_for_url(f"**/visits/{encounter}/room")
        doctor.open("/practice")
        doctor.page.locator(f"#visit-{encounter} a.tb-button-primary").click()
        doctor.page.locator('[name="identity_checked"]').locator("visible=true").check()
        doctor.page.locator('[name="country"]').locator("visible=true").select_option("FR")
        doctor.page.locator('[name="place"]').locator("visible=true").fill("Nice, 12 promenade Imaginaire")
        doctor.page.locator('[name="phone"]').locator("visible=true").fill("+46 8 465 004 99")
        doctor.send("/admit")
        doctor.page.wait_for_selector("#call")
        patient.page.wait_for_selector("#call")
        assert "15" in doctor.words(".tb-place-bar")
        doctor.picture("nordvik-6-call", whole=False)
        for person in (patient, doctor):
            person.page.wait_for_function("() => [...document.querySelectorAll('video')].some((v) => v.videoWidth > 0 && !v.muted)", timeout=60_000)
        walks.end(doctor)
        patient.open(f"/visits/{encounter}")
        patient.picture("nordvik-7-settled")
        assert patient.page.locator("html").get_attribute("lang") == "sv"
        assert "25,00" in patient.words()
    settled(demo, encounter)


def ask(patient: Person) -> str:
    """One question a screen, the place first; the visit's id."""
    patient.open("/")
    patient.picture("nordvik-1-start", whole=False)
    patient.page.locator('a[href="/queue/lines/france"]').click()
    patient.picture("nordvik-2-signs", whole=False)
    patient.page.locator('button[name=sign][value="none"]').click()
    for name, value in SYMPTOMS.items():
        if name == "language":
            patient.page.locator("main form button[type=submit]:not([name])").first.click()
        patient.choose(name, value)
        patient.check()
        patient.page.locator("main form button[type=submit]:not([name])").first.click()
    patient.page.wait_for_url("**/who")
    return walks.held(patient)


def prove(patient: Person) -> None:
    """At the identity service of the country where she is insured; what it states is not typed again."""
    patient.page.locator('a[href^="/auth_oidc/sign-in/medborgare"]').click()
    patient.page.locator('button[value="se-1"]').click()
    patient.page.wait_for_url("**/details")
    assert patient.page.locator('[name="identity.family_name"]').count() == 0
    patient.fill(**{"identity.phone": "+46 8 465 004 99"})
    patient.page.locator('[name="consent.remote_care"]').check()
    patient.choose("toubib.insured_in", "SE")
    patient.picture("nordvik-3-details")
    patient.send("/details")
    patient.page.wait_for_load_state()


def pay(patient: Person) -> None:
    """Euros, since a clinic in France bills; then the place in the queue."""
    patient.page.wait_for_url("**/price")
    words = patient.words()
    assert "25,00" in words
    assert "€" in words
    assert "kr" not in words.split()
    patient.picture("nordvik-4-price")
    walks.checkout(patient)
    walks.pay(patient)
    patient.page.wait_for_selector("#queue-place")
    patient.picture("nordvik-5-place")


def settled(demo: Demonstration, encounter: str) -> None:
    """The French clinic has its euros; nothing was claimed of a French fund for somebody insured in Sweden."""
    wait_for(lambda: rows(demo, "SELECT captured_minor, currency FROM payment_attempt") == [(2500, "EUR")] or None, "the capture")
    assert rows(demo, "SELECT status FROM encounter WHERE id = :id", id=encounter) == [("settled",)]
    assert rows(demo, "SELECT pack FROM claim_item WHERE pack = 'claims_fr'") == []
    assert rows(demo, "SELECT country FROM admission") == [("FR",)]
    assert rows(demo, "SELECT identity_level FROM person p JOIN encounter e ON e.person_id = p.id WHERE e.id = :id", id=encounter) == [("seen",)]
