"""Deployments' demonstrations that are lived in: what the core's people do there, what those of each plugin do, then the walk over all of it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from toubib import runtime
from toubib.db import database, vault
from toubib.db.tables.machinery import NotificationRow
from toubib.demo.seed import agree, book
from toubib.i18n import Catalogues
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.services import checkout, insured, journey, login, people, settlement, visits
from toubib.services.people import Traits
from toubib.testing.crawling import Crawl
from toubib.testing.lived_in import House, lived_in
from toubib.testing.lived_visits import NEW, PATIENT, go_on, main_practice, practitioner, secure, settle_in, well
from toubib.testing.lived_walk import walked
from toubib_advice.trial import Trial
from toubib_queue import desk, duty, lines, places
from toubib_queue.testing import ANSWERS
from toubib_sponsor.texts import CODE

Walk = Callable[..., AbstractContextManager[tuple[House, Crawl]]]
TAKEN, LEFT = "bea.attend@exemple.test", "cyd.part@exemple.test"


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """`walk("qare")`: the deployment's demonstration, lived in and walked over, as long as the block lasts. One at a time."""

    @contextmanager
    def walking(name: str, *, language: str = "", texts: Callable[[Toubib, Path], Catalogues] | None = None) -> Iterator[tuple[House, Crawl]]:
        folder = tmp_path_factory.mktemp(name)
        words = (lambda toubib: texts(toubib, folder / "texts")) if texts else None
        with lived_in(name, folder, language=language, texts=words) as house:
            settle_in(house)
            for plugin, live in PLUGINS.items():
                if plugin in runtime.current().registry.plugins:
                    live(house)
            yield house, walked(house)

    return walking


def _questions(house: House) -> None:
    """A question answered and passed on, one that waits, one that was given back, and a chat that runs."""
    with database().unit_of_work():
        made, person_id = main_practice(), login.account_for(PATIENT, "").person_id
    browsers = house.people["patient"], [house.people["practitioner"]]
    trial = Trial(house.app, house.provider, house.now, runtime.current().jobs, made, "", person_id, *browsers)
    answered, chat, _waiting = trial.paid("m15"), trial.paid("chat", cap="5"), trial.paid("h48")
    for encounter_id in (answered, chat):
        trial.take(encounter_id)
    trial.answer(answered, "Repos trois jours.")
    trial.work()
    for encounter_id in (answered, chat):
        house.start("patient", f"/advice/{encounter_id}/live")
        house.start("practitioner", f"/advice/questions/{encounter_id}/live")
    page = f"/advice/{answered}"
    house.post("patient", f"{page}/forward", page, doctor="Dr Rose", address=TAKEN)
    with database().reading() as reading:
        mail = reading.exec(select(NotificationRow).where(col(NotificationRow.template).contains("forward"))).first()
        if mail is not None:
            house.start("anonymous", json.loads(vault().read(mail, "body"))["link"])


def _places(house: House) -> None:
    """One who waits in the line, one who was called in, and one who left."""
    with database().unit_of_work():
        made = main_practice()
        key = next(line.key for line in lines.offered() if line.territory == "FR")
        if duty.of(made.role_id) is None:
            duty.begin(made.role_id, 24)
        doctor = practitioner(made)
    waits, taken, left = (_place(house, key, email) for email in (NEW, TAKEN, LEFT))
    with database().unit_of_work(doctor):
        well(desk.take(taken, doctor))
    with database().unit_of_work():
        well(places.leave(left))
    for part in ("", "/state"):
        house.start("newcomer", f"/queue/places/{waits}{part}")
    house.start("practitioner", f"/queue/desk/{taken}/back")


def _place(house: House, key: str, email: str) -> str:
    with database().unit_of_work():
        account = login.account_for(email, house.language)
        people.set_traits(account.person_id, Traits("Neu", email.partition(".")[0].title(), date(1990, 4, 2), "male", "01 99 00 44 18"))
        if insured.is_asked():
            people.declare_fact(account.person_id, insured.KEY, "FR")
        found = places.join(lines.line(key), {**ANSWERS, "language": "fr", "words": "Toux"}, f"key of {email}")
        well(found)
        encounter_id = str(found)
        visits.adopt(encounter_id, account.person_id)
        agree(encounter_id)
        well(checkout.accept(encounter_id, checkout.shown_now(encounter_id)))
    secure(house, encounter_id)
    return encounter_id


def _members(house: House) -> None:
    """A visit that the sponsor pays, settled, so that there is a statement."""
    with database().unit_of_work():
        made, account = main_practice(), login.account_for(TAKEN, house.language)
        people.declare_fact(account.person_id, CODE, "TISSE-0001")
    encounter_id = book(account, made.role_id, clock.now() + timedelta(days=6))
    journey.conduct(encounter_id)
    with database().unit_of_work():
        well(checkout.accept(encounter_id, checkout.shown_now(encounter_id)))
    secure(house, encounter_id)
    go_on(encounter_id, "ended")
    with database().unit_of_work():
        settlement.settle(encounter_id)
    house.work()


PLUGINS: dict[str, Callable[[House], None]] = {"advice": _questions, "queue": _places, "sponsor": _members}
