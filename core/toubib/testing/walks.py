"""The ways of a visit through real pages, as a patient and a practitioner walk them; each leaves its person on the page where the next begins.

Pages are found by what they do (the address of a form, the name of a field), so that they may be reworded and translated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toubib.testing.browsers import PATIENCE, Person, plain
from toubib.testing.demonstrations import Demonstration, Mail, second_factor, wait_for

CODE = re.compile(r"\b(\d{3} ?\d{3})\b")
LINK = re.compile(r"http\S+/join/\S+")
ACCEPTED, REFUSED, CHALLENGED = "4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0027 6000 3184"



@dataclass(frozen=True, slots=True)
class Answers:
    """What a patient says of themselves, by the names of the fields: what is typed, and what is chosen."""

    typed: Mapping[str, str]
    chosen: Mapping[str, str]


IDENTITY = Answers(
    {
        "identity.family_name": "Testard",
        "identity.given_names": "Odile",
        "identity.birth_date_day": "12",
        "identity.birth_date_month": "5",
        "identity.birth_date_year": "1969",
        "identity.phone": "01 99 00 44 17",
    },
    {"identity.sex": "female"},
)


def held(person: Person) -> str:
    """The visit of the page where a person is, by its address."""
    found = re.search(r"/visits/([0-9a-f]+)", person.page.url)
    assert found, person.page.url
    return found[1]


def search(patient: Person, what: str = "médecin généraliste", where: str = "Lyon") -> None:
    """From the first page to the list of who fits, earliest first."""
    patient.open("/")
    patient.fill(what=what, where=where)
    patient.page.locator('form[action="/search"] button[type=submit]').click()
    patient.page.wait_for_url("**/search?**")
    patient.check()


def hold(patient: Person) -> str:
    """Press the first time on the page; its accessible name."""
    first = patient.page.locator('form[action="/hold"] button').locator("visible=true").first
    name = plain(first.inner_text())
    first.click()
    patient.page.wait_for_url(re.compile(r"/visits/"))
    patient.check()
    return name


def identify(patient: Person, demo: Demonstration, address: str) -> None:
    """From the held time to the details: ask for a code, read it in the mail, type it."""
    before = len(demo.mails(address))
    patient.fill(email=address)
    patient.send("/who")
    code = newest_code(demo, address, before)
    patient.check()
    patient.fill(code=code)
    if patient.page.url.endswith("/who"):
        patient.send("/code")
    patient.page.wait_for_url("**/details")
    patient.check()


def newest_code(demo: Demonstration, address: str, before: int = 0) -> str:
    """The code of the mail that comes after the first `before` ones."""
    mail = demo.mail(address, lambda m: bool(CODE.search(m.text)) and len(demo.mails(address)) > before)
    found = CODE.search(mail.text)
    assert found
    return found[1]


def answer(patient: Person, answers: Answers) -> None:
    """Fill in what somebody says of themselves; nothing is sent yet."""
    for name, value in answers.typed.items():
        patient.page.locator(f'[name="{name}"]').fill(value)
    for name, value in answers.chosen.items():
        patient.choose(name, value)


def tell(patient: Person, coverage: Answers) -> None:
    """Fill in the details, identity and coverage; nothing is sent yet."""
    answer(patient, IDENTITY)
    answer(patient, coverage)
    patient.page.locator('[name="consent.remote_care"]').check()


def checkout(patient: Person) -> None:
    """From the price to the hosted page of the payment double."""
    patient.page.locator('form[action$="/pay"] button.tb-button-primary').click()
    patient.page.wait_for_url(re.compile(r"/c/pay/"))
    patient.check()


def pay(patient: Person, card: str = ACCEPTED) -> None:
    """Type a test card on the hosted page and press its button."""
    field = patient.page.locator("#number")
    if field.input_value() != card:
        field.fill(card)
    patient.page.locator("main form button").click()
    patient.page.wait_for_load_state()


def come_back(patient: Person) -> None:
    """Wait until the payer's browser is on the page of the visit again."""
    patient.page.wait_for_url(re.compile(re.escape(patient.base) + r"/visits/[0-9a-f]+$"))
    patient.check()


def invitation(demo: Demonstration, address: str) -> tuple[Mail, str]:
    """The confirmation that came by mail, and its link."""
    mail = demo.mail(address, lambda m: bool(LINK.search(m.text)))
    link = LINK.search(mail.text)
    assert link
    return mail, link[0]


def join(patient: Person, link: str) -> None:
    """Open the mailed link and press its button."""
    patient.open(link)
    patient.page.locator('form[action^="/join/"] button[type=submit]').click()
    patient.page.wait_for_url(re.compile("/test$|/room$"))
    patient.check()


def try_devices(patient: Person) -> dict[str, str]:
    """Run the test of camera, microphone and network to its end; the verdict of each."""
    patient.page.locator("[data-begin]").click()
    patient.page.wait_for_function(
        "() => [...document.querySelectorAll('[data-tb-test]')].every((e) => ['ok', 'weak', 'failed'].includes(e.dataset.state))", timeout=PATIENCE
    )
    found: dict[str, str] = patient.page.evaluate(
        "() => Object.fromEntries([...document.querySelectorAll('[data-tb-test]')].map((e) => [e.dataset.tbTest, e.dataset.state]))"
    )
    return found


def wait(patient: Person) -> None:
    """From the test to the waiting room."""
    patient.page.locator('a[href$="/room"]').locator("visible=true").first.click()
    patient.page.wait_for_selector("#waiting-room")
    patient.check()


def sign_in(person: Person, demo: Demonstration, address: str, path: str) -> None:
    """Sign in where a page asks for it: code by mail, then the second factor where it is asked."""
    before = len(demo.mails(address))
    person.open(path)
    person.fill(email=address)
    person.send("/sign-in")
    code = newest_code(demo, address, before)
    person.check()
    person.fill(code=code)
    if person.page.url.partition("?")[0].endswith("/sign-in/code"):
        person.send("/sign-in/code")
    pass_second_factor(person)
    person.page.wait_for_url(lambda url: "/sign-in" not in url)
    person.check()


def pass_second_factor(person: Person) -> None:
    """Type what the authenticator shows; a code that was used already is refused, so the next one is awaited."""
    while "/second-factor" in person.page.url:
        person.check()
        code = second_factor()
        person.fill(code=code)
        with person.page.expect_navigation():
            person.page.locator('[name="code"]').press("Enter")
        if "/second-factor" in person.page.url:
            wait_for(lambda used=code: True if second_factor() != used else None, "the next code of the authenticator")  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Drug:
    """A line to prescribe, as it is typed."""

    find: str
    dose: str
    when: str
    duration: str


def admit(practitioner: Person, encounter_id: str, place: str = "3 rue des Acacias, 69003 Lyon, 2e étage") -> None:
    """From today's list to the call: who waits, the one line, let in."""
    practitioner.page.locator(f"#visit-{encounter_id} a.tb-button-primary").click()
    practitioner.page.wait_for_url(f"**/practice/visits/{encounter_id}")
    practitioner.check()
    practitioner.page.locator('[name="identity_checked"]').locator("visible=true").check()
    practitioner.page.locator('[name="place"]').locator("visible=true").fill(place)
    practitioner.page.locator('[name="others_present"]').locator("visible=true").fill("sa fille")
    practitioner.send("/admit")
    practitioner.page.wait_for_selector("#call")


def add_drug(practitioner: Person, drug: Drug) -> str:
    """Find a drug (Enter searches), add it and type its line; its name in the drug database."""
    practitioner.page.locator("#f-drug").fill(drug.find)
    practitioner.page.locator("#f-drug").press("Enter")
    first = practitioner.page.locator(".tb-drug-results li").first
    name = first.locator("strong").inner_text()
    first.locator('button[name="add"]').click()
    row = practitioner.page.locator(".tb-rx-line").last
    row.wait_for()
    for key, value in {"dose": drug.dose, "when": drug.when, "duration": drug.duration}.items():
        row.locator(f'[name$="-{key}"]').fill(value)
    return name


def read_again(practitioner: Person) -> str:
    """Have everything repeated before signing; the words of the sheet."""
    practitioner.page.locator('button[name="sign"]').click()
    practitioner.page.wait_for_selector(".tb-sheet")
    return practitioner.words(".tb-sheet")


def sign(practitioner: Person) -> None:
    """Sign what was repeated."""
    practitioner.send("/prescription/sign")
    practitioner.page.wait_for_selector("#rx .tb-state-done, #rx [data-state=done], #rx a[href*='/documents/']")


def end(practitioner: Person) -> None:
    """End the consultation: acts and fee as they stand in the form."""
    practitioner.page.locator("#end-form button[type=submit]").last.click()
    practitioner.page.wait_for_selector(".tb-receipt")
    practitioner.check()


def download(person: Person, link: Any) -> bytes:
    """Press a link that leads to a document; its content, wherever it is served from."""
    href = link.get_attribute("href")
    answer = person.page.context.request.get(href if "://" in href else person.base + href)
    assert answer.ok, f"{answer.status} {answer.url}"
    return bytes(answer.body())


def book(patient: Person, demo: Demonstration, address: str, coverage: Answers) -> str:
    """A new patient's whole booking, from the first page to the booked visit; its id."""
    search(patient)
    hold(patient)
    identify(patient, demo, address)
    tell(patient, coverage)
    patient.send("/details")
    patient.page.wait_for_url("**/price")
    checkout(patient)
    pay(patient)
    come_back(patient)
    return held(patient)
