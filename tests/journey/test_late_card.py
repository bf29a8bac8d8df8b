"""A card that is authorised after the held time lapsed: booked while the time is still free, given back in words when it is not."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from toubib.testing import walks
from toubib.testing.browsers import Person, at_browsers
from toubib.testing.demonstrations import Demonstration, get, wait_for
from toubib.testing.http_browser import HttpBrowser
from toubib.testing.walks import Answers
from toubib_payment_stripe.double import DEFAULT_SECRET_KEY

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.parametrize("demo", [pytest.param("sqlite", id="embedded")], indirect=True)]
RED = (200, 40, 40)


@contextmanager
def lapsed(demo: Demonstration, encounter: str) -> Iterator[None]:
    """The held time of a visit is over a second ago, as after a quarter of an hour; the sweep of such times has not come by yet."""
    with closing(sqlite3.connect(demo.data / "toubib.db", timeout=20)) as database, database:
        move_sweep(database, timedelta(hours=1))
        held = "SELECT occupancy_id FROM appointment WHERE encounter_id = ?"
        done = database.execute(f"UPDATE occupancy SET expires_at = ? WHERE id = ({held})", (stamp(timedelta(seconds=-1)), encounter))  # noqa: S608  a constant
        assert done.rowcount == 1
    yield
    with closing(sqlite3.connect(demo.data / "toubib.db", timeout=20)) as database, database:
        move_sweep(database, timedelta())


def move_sweep(database: sqlite3.Connection, by: timedelta) -> None:
    """When the sweep of lapsed times comes next, from now."""
    assert database.execute("UPDATE job SET run_at = ? WHERE key = 'every:toubib.expire_holds'", (stamp(by),)).rowcount == 1


def stamp(by: timedelta) -> str:
    """An instant as SQLite's rows hold it."""
    return (datetime.now(UTC) + by).strftime("%Y-%m-%d %H:%M:%S.%f")


def at_the_card(patient: Person, demo: Demonstration, address: str, coverage: Answers) -> tuple[str, dict[str, str]]:
    """From the first page to the hosted page, with the card typed; the visit, and what its time was asked for with."""
    walks.search(patient)
    form = patient.page.locator('form[action="/hold"]').locator("visible=true").first
    service, start = form.locator('[name="service"]').first, form.locator('button[name="start"]').first
    asked = {"service": service.input_value(), "start": str(start.get_attribute("value"))}
    walks.hold(patient)
    walks.identify(patient, demo, address)
    walks.tell(patient, coverage)
    patient.send("/details")
    patient.page.wait_for_url("**/price")
    encounter = walks.held(patient)
    walks.checkout(patient)
    patient.page.locator("#number").fill(walks.ACCEPTED)
    return encounter, asked


def newest_payment(demo: Demonstration) -> dict[str, Any]:
    """The last payment, as the double itself tells it."""
    found = json.loads(get(demo.double, "/v1/payment_intents", {"Authorization": f"Bearer {DEFAULT_SECRET_KEY}"}))["data"]
    return dict(found[0])


def test_a_late_card_books_a_time_that_is_still_free(demo: Demonstration, coverage: Answers, tmp_path: Path) -> None:
    with at_browsers(RED, base=demo.url, folder=tmp_path, pictures=False) as (patient,):
        encounter, _ = at_the_card(patient, demo, "tardive.libre@exemple.test", coverage)
        with lapsed(demo, encounter):
            walks.pay(patient)
            walks.come_back(patient)
        assert "Réservé" in patient.words()
        demo.mail("tardive.libre@exemple.test", lambda m: "/join/" in m.text)
        assert (newest_payment(demo)["status"], newest_payment(demo)["amount_received"]) == ("requires_capture", 0)


def test_a_late_card_for_a_time_given_to_somebody_else_is_released_and_other_times_are_offered(demo: Demonstration, coverage: Answers, tmp_path: Path) -> None:
    with at_browsers(RED, base=demo.url, folder=tmp_path, pictures=False) as (patient,):
        encounter, asked = at_the_card(patient, demo, "tardive.prise@exemple.test", coverage)
        with lapsed(demo, encounter):
            other = HttpBrowser(demo.web).post("/hold", "/search", asked)
            assert (other.status, other.location.endswith("/who")) == (302, True)
            walks.pay(patient)
            patient.page.wait_for_url("**/paid**")
        patient.check()
        assert "l’horaire est allé à quelqu’un d’autre" in patient.words()
        assert "Rien n’est débité" in patient.words()
        wait_for(lambda: True if newest_payment(demo)["status"] == "canceled" else None, "the release of what was held")
        assert newest_payment(demo)["amount_received"] == 0
        mail = demo.mail("tardive.prise@exemple.test", lambda m: "/practitioners/" in m.text)
        assert "/join/" not in mail.text
        patient.page.locator('main a[href*="/practitioners/"]').first.click()
        patient.page.wait_for_url("**/practitioners/**")
        offered = patient.page.locator('form[action="/hold"] button[name="start"]').evaluate_all("(all) => all.map((b) => b.value)")
        assert offered
        assert asked["start"] not in offered
