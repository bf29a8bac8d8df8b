"""The seven steps of one real visit, in two browsers, against the demonstration that anybody starts with one command."""

import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdf
import pytest
from icalendar import Calendar
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from sqlalchemy import create_engine, text

from toubib.testing import browser_media as media
from toubib.testing import walks
from toubib.testing.browsers import Person, at_browsers, counted, plain
from toubib.testing.demonstrations import Demonstration, get, wait_for
from toubib.testing.walks import Answers, Drug
from toubib_payment_stripe.double import DEFAULT_SECRET_KEY

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.video]

PATIENT, WRONG, DOCTOR, ADMIN = "odile.testard@exemple.test", "odile.testrad@exemple.test", "camille.lemaire@pont-neuf.test", "admin@fil-sante.test"
WRONG_KEY = "2 69 05 49 588 157 81"
RED, BLUE = (200, 40, 40), (40, 60, 200)
DOUBLE = "Double local de paiement : aucune carte n’est débitée."
SPECIMEN = "SPECIMEN : document de démonstration, sans valeur, à ne pas délivrer"
DRAFT = "Brouillon, pour information seulement. Ce logiciel n’a pas de passerelle certifiée vers l’Assurance maladie, donc rien n’est transmis"
NOTE = "Angine probable. Pas de fièvre ce jour."
HEALTH_WORDS = re.compile(r"général|consultation|médic|ordonnance|paracétamol|angine|santé publique|spécial", re.IGNORECASE)


@dataclass(slots=True)
class Journey:
    """What the steps hand on to one another."""

    demo: Demonstration
    patient: Person
    practitioner: Person
    coverage: Answers
    encounter: str = ""
    link: str = ""
    drug: str = ""
    papers: dict[str, bytes] = field(default_factory=dict)


@pytest.mark.timeout(420)
@pytest.mark.feature("BOOK-01:a", "BOOK-01:b", "BOOK-01:c", "BOOK-01:d", "BOOK-01:e", "BOOK-01:f", "BOOK-01:g", "BOOK-04:a", "BOOK-22:a")
@pytest.mark.feature("PAY-02:a", "PAY-02:b", "PAY-03:a", "PAY-15:c", "CLAIM-01:a", "CLAIM-01:b", "CLAIM-01:c", "CLAIM-03:a", "TELL-04:a")
@pytest.mark.feature("ROOM-01:a", "ROOM-01:b", "ROOM-01:c", "ROOM-01:d", "ROOM-02:a", "ROOM-02:b", "ROOM-03:a", "ROOM-03:b", "ROOM-04:a", "ROOM-05:a")
@pytest.mark.feature("ROOM-08:a", "ROOM-15:a", "ROOM-17:a", "ROOM-17:b", "ROOM-18:a", "ROOM-18:b", "ROOM-18:c", "ROOM-18:d", "ROOM-18:e")
@pytest.mark.feature("RX-01:a", "RX-01:b", "RX-02:a", "RX-03:a", "RX-03:b", "RX-14:b", "RX-17:a", "RX-17:b", "PAY-07:a", "PAY-07:b", "PAY-13:c")
@pytest.mark.feature("EASE-02:a", "EASE-06:a", "EASE-06:b", "REC-01:a", "REC-01:d", "REC-05:c", "REACH-02:a", "REACH-04:a", "REACH-04:b", "OPS-01:b")
def test_seven_steps(demo: Demonstration, coverage: Answers, tmp_path: Path) -> None:
    once = database(demo).startswith("sqlite")
    with at_browsers(RED, BLUE, base=demo.url, folder=tmp_path, pictures=once) as (patient, practitioner):
        journey = Journey(demo, patient, practitioner, coverage)
        find_and_hold(journey)
        say_who_and_read_the_price(journey)
        authorise(journey)
        read_the_confirmation(journey)
        try_devices_wait_and_be_let_in(journey)
        see_each_other(journey)
        write_to_each_other(journey)
        close_in_five_clicks(journey)
        read_the_papers(journey)
        compare_the_books(journey)
        look_back(journey)
        administer(journey)


def find_and_hold(j: Journey) -> None:
    """Step 1."""
    patient = j.patient
    patient.open("/")
    patient.picture("1-home")
    walks.search(patient)
    everybody = names(patient)
    assert everybody[0] == "Dr Camille Lemaire"
    assert "1 km" in patient.words(".tb-card")
    for narrower, out in (("modality=in_person", "Dr Hugo Tessier"), ("language=es", "Dr Camille Lemaire"), ("sector=1", "Dr Adrien Vasseur")):
        assert out in everybody
        walks.search(patient)
        filtered = patient.page.locator(f'.tb-filters a[href*="{narrower}"]').first.get_attribute("href")
        assert filtered
        patient.open(filtered)
        assert names(patient)
        assert out not in names(patient)
    walks.search(patient)
    patient.picture("1-results")
    patient.page.locator(".tb-card-name a", has_text="Camille Lemaire").click()
    patient.page.wait_for_selector("#slots button")
    assert "Secteur 1" in patient.words()
    patient.picture("1-profile")
    profile, first = patient.page.url, patient.page.locator("#slots form[action='/hold'] button").first.get_attribute("value")
    assert re.search(r"\d h( \d\d)?", walks.hold(patient))
    j.encounter = walks.held(patient)
    j.practitioner.open(profile)
    offered = j.practitioner.page.locator("#slots form[action='/hold'] button").evaluate_all("(all) => all.map((b) => b.value)")
    assert offered
    assert first not in offered


def names(person: Person) -> list[str]:
    """Who is on the page of results, in its order."""
    return person.page.locator(".tb-card-name").all_inner_texts()


def say_who_and_read_the_price(j: Journey) -> None:
    """Step 2."""
    patient = j.patient
    patient.picture("2-address")
    patient.fill(email=WRONG)
    patient.send("/who")
    assert WRONG in patient.words()
    patient.page.locator('a[href$="correct=1"]').click()
    walks.identify(patient, j.demo, PATIENT)
    assert j.demo.mails(WRONG)
    patient.picture("2-details")
    walks.tell(patient, j.coverage)
    patient.fill(**{"claims_fr.nir": WRONG_KEY})
    patient.send("/details")
    assert patient.page.evaluate("document.activeElement.matches('[role=alert], .tb-error-summary, .tb-error-summary *')")
    assert "Clé : les deux derniers chiffres ne correspondent pas" in patient.words('[id$="nir-error"]')
    assert patient.page.locator('[name="identity.family_name"]').input_value() == "Testard"
    patient.picture("2-wrong-key")
    patient.fill(**{"claims_fr.nir": j.coverage.typed["claims_fr.nir"]})
    patient.send("/details")
    patient.page.wait_for_url("**/price")
    receipt = patient.words(".tb-receipt")
    for amount in ("25,00 €", "15,50 €", "2,00 €", "7,50 €"):
        assert amount in receipt, receipt
    assert "25,00 €" in patient.words(".tb-receipt-maximum")
    reasons = patient.page.locator(".tb-receipt details.tb-why")
    assert reasons.count() >= 4
    for number in range(reasons.count()):
        reasons.nth(number).locator("summary").click()
        assert len(reasons.nth(number).locator(".tb-why-body").inner_text()) > 20
    patient.picture("2-price")


def authorise(j: Journey) -> None:
    """Step 3."""
    patient = j.patient
    assert DOUBLE in patient.words()
    walks.checkout(patient)
    assert DOUBLE in patient.words("header")
    assert "25,00 €" in patient.words()
    patient.picture("3-checkout")
    walks.pay(patient)
    walks.come_back(patient)
    assert walks.held(patient) == j.encounter
    assert "25,00 €" in patient.words()
    patient.picture("3-booked")


def read_the_confirmation(j: Journey) -> None:
    """Step 4."""
    mail, j.link = walks.invitation(j.demo, PATIENT)
    assert not HEALTH_WORDS.search(mail.subject + mail.text), mail
    (event,) = Calendar.from_ical(j.demo.attachment(mail)).walk("VEVENT")
    assert not HEALTH_WORDS.search(str(event["summary"]) + str(event["location"]))
    begins = event.decoded("dtstart").astimezone(ZoneInfo("Europe/Paris"))
    assert f"{begins.hour} h" in plain(mail.text)
    j.patient.open(f"http://127.0.0.1:{j.demo.mailbox}/{mail.number}")
    j.patient.picture("4-mail")


def try_devices_wait_and_be_let_in(j: Journey) -> None:
    """Step 5, until both are in the room: on another device than the one that booked, by the link alone."""
    patient, practitioner = j.patient, j.practitioner
    patient.page.context.clear_cookies()
    for _scanner in range(2):
        get(j.demo.web, j.link.removeprefix(j.demo.url))
    patient.open(j.link)
    patient.picture("4-link")
    walks.join(patient, j.link)
    assert walks.try_devices(patient) == {"camera": "ok", "microphone": "ok", "network": "ok"}
    patient.picture("5-test")
    walks.wait(patient)
    assert re.search(r"Dr Camille Lemaire.*\d h", patient.words("#waiting-room"))
    patient.picture("5-waiting")
    walks.sign_in(practitioner, j.demo, DOCTOR, "/practice")
    row = practitioner.page.locator(f"#visit-{j.encounter}")
    assert "Odile Testard" in row.inner_text()
    assert "tb-row-waiting" in str(row.get_attribute("class"))
    practitioner.picture("5-worklist")
    walks.admit(practitioner, j.encounter)
    assert "3 rue des Acacias, 69003 Lyon, 2e étage" in practitioner.words(".tb-place-bar")
    assert "01 99 00 44 17" in practitioner.words(".tb-place-bar")
    assert "sa fille" in practitioner.words(".tb-place-bar")
    assert practitioner.page.locator('.tb-place-bar a[href="tel:15"]').is_visible()
    assert practitioner.page.locator('[name="identity_checked"]').is_checked()
    patient.page.wait_for_selector("#call")


def see_each_other(j: Journey) -> None:
    """Step 5: pictures decoded and sound heard in each of five seconds, and again after a reload; each sees the other."""
    both: list[media.Page] = [j.patient.page, j.practitioner.page]
    for reloaded in (False, True):
        if reloaded:
            j.patient.page.reload()
            j.patient.page.wait_for_selector("#call")
        for page in both:
            media.wait_for_media(page)
        flows = media.watch_all(both, 5)
        assert all(flow.alive for flow in flows), flows
        assert near(media.colour(j.patient.page, "#call-remote"), BLUE)
        assert near(media.colour(j.practitioner.page, "#call-remote"), RED)


def near(seen: tuple[int, int, int] | None, wanted: tuple[int, int, int]) -> bool:
    """Whether a picture has about this colour; cameras and codecs shift it a little."""
    return seen is not None and all(abs(a - b) < 60 for a, b in zip(seen, wanted, strict=True))


def write_to_each_other(j: Journey) -> None:
    """Step 5: the chat, and notes that are saved by themselves."""
    j.patient.fill(message="Je vous entends bien, merci.")
    j.patient.page.locator("#chat-send").click()
    j.practitioner.page.locator("#chat-log", has_text="Je vous entends bien, merci.").wait_for()
    notes = j.practitioner.page.locator('[name="note"]')
    with j.practitioner.page.expect_response(lambda answer: answer.request.method == "POST" and "/note" in answer.url):
        notes.press_sequentially(NOTE)
    j.practitioner.page.reload()
    j.practitioner.page.wait_for_selector("#call")
    wait_for(lambda: True if notes.input_value() == NOTE else None, "the note")
    media.wait_for_media(j.patient.page)
    j.patient.picture("5-call-patient", whole=False)
    j.practitioner.picture("5-call-practitioner", whole=False)


def close_in_five_clicks(j: Journey) -> None:
    """Step 6: from the search for the drug to the list with the next patient."""
    practitioner = j.practitioner
    with counted(practitioner) as clicks:
        j.drug = walks.add_drug(practitioner, Drug("paracetamol", "1 comprimé", "matin, midi et soir", "5 jours"))
        assert re.search(r"Base de données publique des médicaments.*20\d\d", practitioner.words("#f-drug-hint"))
        assert j.drug in walks.read_again(practitioner)
        practitioner.picture("6-sheet", whole=False)
        walks.sign(practitioner)
        walks.end(practitioner)
        assert "25,00 €" in practitioner.words()
        practitioner.page.locator('main a[href$="/practice"]').first.click()
        practitioner.page.wait_for_selector("#worklist")
    assert len(clicks) <= 5, clicks
    practitioner.open(f"/practice/visits/{j.encounter}")
    practitioner.picture("6-ended")
    j.patient.page.wait_for_function("() => !document.querySelector('#call')")
    j.patient.picture("6-over")


def read_the_papers(j: Journey) -> None:
    """Step 6: what the patient downloads, and what a pharmacist reads."""
    patient = j.patient
    mail = j.demo.mail(PATIENT, lambda m: not walks.LINK.search(m.text) and not walks.CODE.search(m.text))
    assert not HEALTH_WORDS.search(mail.subject + mail.text), mail
    walks.sign_in(patient, j.demo, PATIENT, f"/sign-in?next=/visits/{j.encounter}")
    links = patient.page.locator('a[href^="/documents/"]')
    wait_for(lambda: True if links.count() >= 3 else again(patient), "prescription, invoice and receipt")
    for number in range(links.count()):
        content = walks.download(patient, links.nth(number))
        j.papers[plain("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages))] = content
    assert len(j.papers) >= 3
    assert all("SPECIMEN" in words for words in j.papers)
    prescription = next(words for words in j.papers if j.drug.split()[0].lower() in words.lower())
    assert SPECIMEN in prescription
    assert NOTE not in "".join(j.papers)
    with ThreadPoolExecutor(1) as beside:  # pyHanko wants a thread without Playwright's event loop
        beside.submit(validate, j.papers[prescription]).result()
    assert sum("25,00" in words for words in j.papers) >= 2
    page = patient.words()
    assert DRAFT in page
    assert NOTE not in page
    for amount in ("25,00 €", "15,50 €", "2,00 €", "7,50 €"):
        assert amount in patient.words(".tb-receipt")
    patient.picture("6-visit")
    pharmacist(patient, prescription, j.papers[prescription])


def again(person: Person) -> None:
    """Load the page once more."""
    person.page.reload()


def validate(content: bytes) -> None:
    """The signature covers the whole file, which was not changed since."""
    (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    chain = [*signature.other_embedded_certs, signature.signer_cert]
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=chain, allow_fetching=False))
    assert status.intact
    assert status.valid
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE


def pharmacist(person: Person, words: str, content: bytes) -> None:
    """The public page knows the code of the paper; the check page knows the seal of the file, and a changed byte."""
    code = re.search(r"(?:\d{4}[ -]){3}\d{4}", words)
    assert code, words
    person.open("/verify")
    person.fill(code=code[0])
    person.send("/verify")
    person.check()
    assert "Authentique" in person.words()
    assert "Dr Camille Lemaire" in person.words()
    assert "paracétamol" not in person.words().lower()
    person.picture("6-pharmacist")
    for given, kind in ((content, ".tb-notice-done"), (content.replace(b"/Type", b"/Typo", 1), ".tb-notice-stop")):
        person.open("/eprescription_email/check")
        person.page.locator("[name=file]").set_input_files({"name": "ordonnance.pdf", "mimeType": "application/pdf", "buffer": given})
        person.send("/check")
        assert person.page.locator(kind).is_visible()


def compare_the_books(j: Journey) -> None:
    """Step 6: what the double captured is what the ledger says, and no other."""
    ledger = create_engine(database(j.demo))
    query = """SELECT a.observed_ref, a.captured_minor, t.amount_minor, d.kind, c.kind FROM payment_attempt a
        JOIN ledger_transfer t ON t.attempt_id = a.id JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
        JOIN money_due m ON m.id = a.due_id WHERE m.encounter_id = :encounter"""
    with ledger.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(query), {"encounter": j.encounter})]
    ledger.dispose()
    ((reference, captured, booked, debit, credit),) = rows
    assert (captured, booked, debit, credit) == (2500, 2500, "provider_clearing", "patient_receivable")
    at_the_double = payment(j.demo, reference)
    assert (at_the_double["amount_received"], at_the_double["amount_capturable"], at_the_double["status"]) == (2500, 0, "succeeded")


def database(demo: Demonstration) -> str:
    """The database of a demonstration."""
    return demo.environment.get("TOUBIB__DATABASE__URL") or f"sqlite:///{demo.data / 'toubib.db'}"


def payment(demo: Demonstration, reference: str) -> dict[str, object]:
    """A payment as the double itself tells it."""
    found: dict[str, object] = json.loads(get(demo.double, f"/v1/payment_intents/{reference}", {"Authorization": f"Bearer {DEFAULT_SECRET_KEY}"}))
    return found


def look_back(j: Journey) -> None:
    """Step 7: both see the visit in their history; the patient sees who read the record."""
    patient, practitioner = j.patient, j.practitioner
    patient.open("/visits")
    assert "Dr Camille Lemaire" in patient.words()
    patient.picture("7-history")
    patient.open("/account/access")
    assert "Dr Camille Lemaire" in patient.words()
    patient.picture("7-access")
    practitioner.open("/practice")
    assert "Odile Testard" in practitioner.words()
    practitioner.picture("7-practice")


def administer(j: Journey) -> None:
    """Step 7: plugins, jobs, mail and the audit trail, whose chain verifies; no patient's name on any page."""
    admin = j.practitioner
    admin.page.context.clear_cookies()
    walks.sign_in(admin, j.demo, ADMIN, "/admin")
    for plugin in ("country_fr", "booking", "video_webrtc", "payment_stripe", "claims_fr", "eprescription_email"):
        assert admin.page.locator(f"#plugin-{plugin}").is_visible()
    admin.picture("7-plugins")
    for page in ("jobs", "mail", "people", "hosts", "rules", "audit"):
        admin.open(f"/admin/{page}")
        assert "Testard" not in admin.words("body")
        assert PATIENT not in admin.words("body")
        admin.picture(f"7-{page}")
    admin.send("/admin/audit")
    assert admin.page.locator(".tb-notice-done").is_visible()
    admin.picture("7-audit-verified")
    assert "the chain verifies" in j.demo.command("audit", "verify")
