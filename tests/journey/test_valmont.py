"""hospital, "CH de Valmont": single sign-on, a visit planned by the clerk, a nurse at the patient's side, bills by the establishment."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from toubib.testing import walks
from toubib.testing.browsers import Person, at_browsers
from toubib.testing.demonstrations import Demonstration, rows, wait_for
from toubib.testing.walks import Answers

pytestmark = [pytest.mark.browser, pytest.mark.video, pytest.mark.slow]
GREEN, BLUE, GREY = (40, 160, 60), (40, 60, 200), (120, 120, 120)
DOCTOR, NURSE, CLERK = "v-101", "v-202", "v-303"
ISSUER = "TOUBIB__SETTINGS__AUTH_OIDC__PROVIDERS__VALMONT__ISSUER"
RESIDENT = Answers(
    {
        "identity.family_name": "Testelin",
        "identity.given_names": "Marcel",
        "identity.birth_date_day": "3",
        "identity.birth_date_month": "9",
        "identity.birth_date_year": "1936",
        "identity.phone": "01 99 00 61 40",
    },
    {"identity.sex": "male"},
)


def sign_on(person: Person, subject: str) -> None:
    """Through the hospital's own account, to the first page of staff, whose band says who is there and as what."""
    names = {DOCTOR: "Dr Solène Marchal · Docteure en médecine, gériatre · CH de Valmont", NURSE: "Awa Diarra · Infirmière diplômée d'État · CH de Valmont"}
    person.open("/practice")
    person.press(re.compile("Compte de l.hôpital"), role="link")
    person.page.locator(f'button[value="{subject}"]').click()
    person.page.wait_for_url("**/practice")
    assert person.words(".tb-band") == names.get(subject, "Bruno Legrand · Secrétariat")
    person.check()


@pytest.mark.timeout(300)
@pytest.mark.feature("PLUG-11:b")
def test_a_planned_visit_with_a_nurse_at_the_side_is_billed_by_the_establishment(
    start: Callable[..., Demonstration], coverage: Answers, tmp_path: Path
) -> None:
    demo = start("hospital", **{ISSUER: "http://127.0.0.1:{double}/valmont"})
    with at_browsers(GREEN, BLUE, GREY, base=demo.url, folder=tmp_path) as (nurse, doctor, clerk):
        encounter = plan(clerk, coverage)
        sign_on(nurse, NURSE)
        nurse.page.locator(f'#visit-{encounter} form[action$="/accompany"] button').click()
        nurse.page.wait_for_url("**/practice/side/**")
        own = nurse.page.url.rsplit("/", 1)[1]
        nurse.picture("valmont-3-side")
        nurse.page.locator(f'a[href$="/visits/{encounter}/room"]').click()
        nurse.page.wait_for_selector("#waiting-room")
        nurse.picture("valmont-4-waiting", whole=False)

        sign_on(doctor, DOCTOR)
        doctor.picture("valmont-5-today", whole=False)
        doctor.page.locator(f"#visit-{encounter} a.tb-button-primary").click()
        assert doctor.page.locator('[name="others_present"]').locator("visible=true").input_value().startswith("Awa Diarra")
        doctor.page.locator('[name="identity_checked"]').locator("visible=true").check()
        doctor.page.locator('[name="place"]').locator("visible=true").fill("EHPAD des Charmes, chambre 12, 26000 Valence")
        doctor.send("/admit")
        doctor.page.wait_for_selector("#call")
        nurse.page.wait_for_selector("#call")
        for person in (nurse, doctor):
            person.page.wait_for_function("() => [...document.querySelectorAll('video')].some((v) => v.videoWidth > 0 && !v.muted)", timeout=60_000)
        doctor.picture("valmont-6-call", whole=False)
        walks.end(doctor)
        doctor.picture("valmont-7-ended")

        nurse.open(f"/practice/side/{own}")
        nurse.page.locator('input[name="acts"][value="TLD"]').uncheck()
        nurse.page.locator('input[name="acts"][value="TLL"]').check()
        nurse.fill(fee="12")
        nurse.send("/end")
        nurse.page.wait_for_selector(".tb-receipt")
        nurse.picture("valmont-8-own-acts")
    settled(demo, encounter, own)


def plan(clerk: Person, coverage: Answers) -> str:
    """The clerk books a remote consultation for a resident who has no record yet; the visit's id."""
    sign_on(clerk, CLERK)
    clerk.open("/practice/plan")
    clerk.picture("valmont-1-plan", whole=False)
    clerk.page.locator('form[action$="/hold"] button').locator("visible=true").first.click()
    clerk.page.wait_for_url("**/practice/plan/visits/**")
    clerk.picture("valmont-2-patient")
    clerk.press("Créer un dossier")
    clerk.page.wait_for_url("**/details")
    encounter = walks.held(clerk)
    walks.answer(clerk, RESIDENT)
    walks.answer(clerk, coverage)
    clerk.page.locator('[name="consent.remote_care"]').check()
    clerk.send("/details")
    clerk.page.wait_for_url("**/price")
    clerk.check()
    clerk.send("/pay")
    clerk.page.wait_for_url("**/practice")
    assert "Marcel" in clerk.words("#today")
    return encounter


def settled(demo: Demonstration, encounter: str, own: str) -> None:
    """Two bills and two claims, each its professional's own, of one establishment; no payment provider was ever asked."""
    wait_for(lambda: len(rows(demo, "SELECT id FROM claim")) == 2 or None, "both claims")
    assert rows(demo, "SELECT status FROM encounter WHERE id IN (:one, :other)", one=encounter, other=own) == [("settled",)] * 2
    performers = rows(demo, "SELECT DISTINCT encounter_id, performer_role_id, code, claim_id IS NOT NULL FROM claim_item ORDER BY code")
    assert {(row[0], row[2]) for row in performers} == {(encounter, "TCS"), (own, "TLL")}
    assert len({row[1] for row in performers}) == 2
    assert all(row[3] for row in performers)
    assert rows(demo, "SELECT DISTINCT o.slug FROM invoice i JOIN organisation o ON o.id = i.organisation_id") == [("ch-de-valmont",)]
    assert len(rows(demo, "SELECT id FROM invoice")) == 2
    assert rows(demo, "SELECT id FROM payment_attempt") == []
