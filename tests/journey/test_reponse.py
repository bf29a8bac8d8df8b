"""mesdocteurs, "Réponse": a question in writing, paid by card, answered by a vetted practitioner, read, and shared out to the cent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from toubib.testing import walks
from toubib.testing.browsers import Person, at_browsers
from toubib.testing.demonstrations import Demonstration, rows, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
RED, BLUE = (200, 40, 40), (40, 60, 200)
ASKER, DOCTOR = "leonie.question@exemple.test", "agathe.verne@reponse.test"
DOUBLE = {"TOUBIB__SETTINGS__PAYMENT_STRIPE__API_BASE": "http://127.0.0.1:{double}"}
LETTER = "Bonjour, mon genou gauche est raide le matin depuis trois semaines. Faut-il que je le fasse examiner ?"
ANSWER = "Bonjour. Une raideur de moins d’une demi-heure est fréquente.\n\nFaites-le examiner s’il gonfle ou se bloque."


def test_a_question_is_asked_answered_read_and_shared_out(start: Callable[..., Demonstration], tmp_path: Path) -> None:
    demo = start("mesdocteurs", **DOUBLE)
    with at_browsers(RED, BLUE, base=demo.url, folder=tmp_path) as (asker, doctor):
        encounter = ask(asker, demo)
        walks.sign_in(doctor, demo, DOCTOR, "/advice/questions")
        doctor.picture("reponse-4-questions")
        doctor.page.locator(f'a[href$="{encounter}"]').first.click()
        doctor.page.wait_for_url(f"**/{encounter}")
        assert "Léonie" not in doctor.words()
        doctor.send("/take")
        doctor.fill(answer=ANSWER)
        doctor.send("/answer")
        asker.open(f"/advice/{encounter}")
        assert "Faites-le examiner s’il gonfle ou se bloque." in asker.words()
        asker.picture("reponse-5-answer")
        doctor.open(f"/advice/questions/{encounter}")
        assert "Lu le" in doctor.words()
    settled(demo, encounter)


def ask(asker: Person, demo: Demonstration) -> str:
    """From the first screen over the card's page to the thread; the encounter."""
    asker.open("/")
    asker.fill(question=LETTER)
    asker.page.locator('input[name="product"][value="m15"]').check()
    asker.picture("reponse-1-ask")
    asker.send("/advice/")
    asker.page.wait_for_url("**/who")
    walks.identify(asker, demo, ASKER)
    walks.answer(asker, walks.IDENTITY)
    asker.page.locator('[name="advice.notice.read"]').check()
    asker.picture("reponse-2-details")
    asker.send("/details")
    asker.page.wait_for_url("**/price")
    asker.picture("reponse-3-price")
    walks.checkout(asker)
    walks.pay(asker)
    asker.page.wait_for_url(f"{demo.url}/advice/**")
    return asker.page.url.rpartition("/")[2]


def settled(demo: Demonstration, encounter: str) -> None:
    """4.99 was captured; platform and practitioner have 1.50 and 3.49 of it (nobody named a treating doctor), and no cent is left over."""
    wait_for(lambda: rows(demo, "SELECT captured_minor FROM payment_attempt") == [(499,)] or None, "the capture")
    assert rows(demo, "SELECT status FROM encounter WHERE id = :id", id=encounter) == [("settled",)]
    parts = "SELECT a.party, sum(t.amount_minor) FROM ledger_transfer t JOIN ledger_account a ON a.id = t.credit_id WHERE a.kind = 'payable' GROUP BY a.party"
    assert {amount for _, amount in rows(demo, parts)} == {150, 349}
