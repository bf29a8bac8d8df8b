"""qare, "Veille": now, with a member's code: the sponsor pays all, nobody sees a card page, and the money is settled at the end."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from toubib.testing import walks
from toubib.testing.browsers import at_browsers
from toubib.testing.demonstrations import Demonstration, rows, wait_for
from toubib.testing.walks import Answers

pytestmark = [pytest.mark.browser, pytest.mark.video, pytest.mark.slow, pytest.mark.timeout(300)]
ORANGE, BLUE = (220, 120, 20), (40, 60, 200)
MEMBER, DOCTOR = "adele.veille@exemple.test", "nour.vidal@veille.test"
DOUBLE = {"TOUBIB__SETTINGS__PAYMENT_STRIPE__API_BASE": "http://127.0.0.1:{double}"}
SYMPTOMS = {"age": "adult", "area": "throat", "feeling": "1", "since": "days", "language": "fr"}


@pytest.mark.feature("PAY-04:a")
def test_a_member_is_seen_now_and_the_sponsor_pays(start: Callable[..., Demonstration], coverage: Answers, tmp_path: Path) -> None:
    demo = start("qare", **DOUBLE)
    with at_browsers(ORANGE, BLUE, base=demo.url, folder=tmp_path) as (member, doctor):
        walks.sign_in(doctor, demo, DOCTOR, "/queue/desk")
        member.open("/")
        assert "Ouvert" in member.words()
        member.picture("veille-1-start", whole=False)
        member.page.locator('a[href^="/queue/lines/"]').first.click()
        member.page.locator('button[name=sign][value="none"]').click()
        for name, value in SYMPTOMS.items():
            member.choose(name, value)
        member.picture("veille-2-symptoms")
        member.send("/queue/lines/medecin")
        member.page.wait_for_url("**/who")
        walks.identify(member, demo, MEMBER)
        walks.tell(member, coverage)
        member.fill(**{"sponsor.code": "TISSE-0001"})
        member.picture("veille-3-details")
        member.send("/details")
        member.page.wait_for_url("**/price")
        assert "Mutuelle des Tisserands" in member.words()
        member.picture("veille-4-price")
        member.page.locator('form[action$="/pay"] button[type=submit]').first.click()
        member.page.wait_for_selector("#queue-place")
        encounter = member.page.url.rpartition("/")[2]
        member.picture("veille-5-place")

        doctor.open("/queue/desk")
        doctor.send(f"/queue/desk/{encounter}/take")
        member.page.wait_for_url(f"**/visits/{encounter}/room")
        doctor.open("/practice")
        walks.admit(doctor, encounter)
        member.page.wait_for_selector("#call")
        for person in (member, doctor):
            person.page.wait_for_function("() => [...document.querySelectorAll('video')].some((v) => v.videoWidth > 0 && !v.muted)", timeout=60_000)
        walks.end(doctor)
        member.open(f"/visits/{encounter}")
        assert re.search(r"0,00\s€", member.words())
        member.picture("veille-6-settled")
    settled(demo, encounter)


def settled(demo: Demonstration, encounter: str) -> None:
    """The sponsor owes the whole price; no card was ever asked for, and the books balance."""
    assert rows(demo, "SELECT status FROM encounter WHERE id = :id", id=encounter) == [("settled",)]
    assert rows(demo, "SELECT id FROM payment_attempt") == []
    owed = "SELECT sum(t.amount_minor) FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_id WHERE a.kind = 'third_party_receivable'"
    wait_for(lambda: rows(demo, owed) == [(2500,)] or None, "what the sponsor owes")
