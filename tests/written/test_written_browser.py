"""A patient at a phone and a practitioner at a desk, in real browsers: a letter answered, and a chat with its meter."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from toubib import runtime
from toubib.testing.browsers import Person, at_browsers
from toubib.testing.demonstrations import free_ports
from toubib_advice.trial import DETAILS, LETTER, RealTime, Trial, options
from toubib_payment_stripe.double.launcher import TEST_CARD, start_double

pytestmark = [pytest.mark.browser, pytest.mark.slow]
RED, BLUE = (200, 40, 40), (40, 60, 200)


class Quiet(WSGIRequestHandler):
    def log_request(self, *_args: object) -> None:
        """Say nothing of each request."""


@pytest.fixture
def trial(app: Callable[..., Flask]) -> Iterator[Trial]:
    (port,) = free_ports(1)
    with start_double() as double:
        sections = options(use={"payment": ["payment_stripe"]}, web={"public_url": f"http://localhost:{port}"})
        sections["site"] |= {"languages": ["fr", "en"], "default_language": "fr"}
        sections["settings"]["payment_stripe"] = {"api_base": double.base_url}
        made = Trial.opened(app("advice", "payment_stripe", **sections), double, RealTime(), runtime.current().jobs)
        server = make_server("127.0.0.1", port, made.app, threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        made.port = port
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def people(trial: Trial, tmp_path: Path) -> Iterator[list[Person]]:
    base = f"http://localhost:{trial.port}"
    with at_browsers(RED, BLUE, base=base, folder=tmp_path) as seated:
        for person, client in zip(seated, (trial.patient, trial.doctors[0]), strict=True):
            cookie = client.get_cookie("tb_session")
            person.page.context.add_cookies([{"name": "tb_session", "value": cookie.value if cookie else "", "url": base}])
        yield seated


def ask(patient: Person, trial: Trial, product: str, **choices: str) -> str:
    """From the first screen over the card's page to the thread; the encounter."""
    patient.open("/advice/")
    patient.fill(question=LETTER)
    patient.page.locator(f'input[name="product"][value="{product}"]').check()
    for name, value in choices.items():
        patient.choose(name, value)
    patient.picture(f"advice-ask-{product}")
    patient.send("/advice/")
    patient.page.wait_for_url("**/details")
    for name, value in DETAILS.items():
        if name not in ("identity.sex", "advice.notice.read"):
            patient.page.locator(f'[name="{name}"]').fill(value)
    patient.choose("identity.sex", DETAILS["identity.sex"])
    patient.page.locator('[name="advice.notice.read"]').check()
    patient.picture(f"advice-details-{product}")
    patient.send("/details")
    patient.page.wait_for_url("**/price")
    patient.picture(f"advice-price-{product}")
    patient.page.locator('form[action$="/pay"] button.tb-button-primary').click()
    patient.page.wait_for_url("**/c/pay/**")
    patient.page.locator("#number").fill(TEST_CARD)
    patient.page.locator("main form button").click()
    patient.page.wait_for_url(f"{patient.base}/advice/**")
    trial.work()
    return patient.page.url.rpartition("/")[2]


def accept(doctor: Person, encounter: str) -> None:
    """From the list to the accepted question."""
    doctor.open("/advice/questions")
    doctor.page.locator(f'a[href$="{encounter}"]').first.click()
    doctor.page.wait_for_url(f"**/{encounter}")
    doctor.picture("advice-consider")
    doctor.send("/take")


@pytest.mark.feature("ADVICE-01:a", "ADVICE-01:c", "ADVICE-12:b")
def test_asked_on_a_phone_paid_and_read(trial: Trial, people: list[Person]) -> None:
    patient, doctor = people
    encounter = ask(patient, trial, "m15")
    assert "Avant" in patient.words()
    patient.picture("advice-waiting")
    accept(doctor, encounter)
    doctor.fill(answer="Reposez le genou une semaine.\n\nS’il gonfle, faites-le examiner.")
    doctor.picture("advice-answering")
    doctor.send("/answer")
    trial.work()
    patient.open(f"/advice/{encounter}")
    words = patient.words()
    assert "Reposez le genou une semaine." in words
    assert "4,99" in words
    patient.picture("advice-answered")
    doctor.open(f"/advice/questions/{encounter}")
    assert "Lu le" in doctor.words()
    doctor.picture("advice-read")
    doctor.open("/advice/earnings")
    doctor.picture("advice-earnings")


@pytest.mark.feature("ADVICE-03:a", "ADVICE-03:b")
def test_a_chat_with_its_meter_and_a_stop(trial: Trial, people: list[Person]) -> None:
    patient, doctor = people
    encounter = ask(patient, trial, "chat", cap="10")
    accept(doctor, encounter)
    patient.page.reload()
    doctor.page.reload()
    patient.page.wait_for_function("() => document.querySelector('.advice-meter-on')")
    patient.fill(message="Faut-il mettre de la glace ?")
    patient.page.locator('button[form="chat-say"]').click()
    patient.page.wait_for_load_state()
    doctor.page.wait_for_function("() => document.querySelector('.tb-chat-text')?.textContent.includes('glace')")
    assert "1,99" in doctor.words(".advice-meter")
    shown = patient.words(".advice-meter")
    patient.page.locator("h1").click()
    patient.page.wait_for_function("(before) => document.querySelector('.advice-meter').innerText.replace(/\\s+/g, ' ').trim() !== before", arg=shown)
    patient.picture("advice-chat")
    doctor.picture("advice-chat-practitioner")
    doctor.send("/stop")
    trial.work()
    patient.page.wait_for_function("() => !document.querySelector('#chat-live')")
    assert "1,99" in patient.words()
    assert trial.money(encounter) == ("settled", 199, 0)
    patient.picture("advice-chat-over")
