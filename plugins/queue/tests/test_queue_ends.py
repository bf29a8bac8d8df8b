"""How places end by themselves, what becomes of the money, and who is told: once, whatever dies in between."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlmodel import select

from toubib import runtime
from toubib.contracts.identity import SYSTEM
from toubib.db import database
from toubib.db.tables.access import Account
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.money import MoneyDue, PaymentAttempt
from toubib.db.vault import VaultError
from toubib.seams.clock import FixedClock
from toubib.services import care, payments
from toubib.testing.doubles.payment import MemoryProvider, use_memory_payments
from toubib_queue.testing import ANSWERS, JOURNEYS, PLUGINS, World, later, line, mails, sections

PAID = {"queue": {"steps": ["payment.authorise", *JOURNEYS["queue"]["steps"]]}}


class Paid:
    """A queue whose places are paid with a card, and the provider behind it."""

    def __init__(self, app: Callable[..., Flask]) -> None:
        self.world = World.opened(app, journeys=PAID)
        self.provider = MemoryProvider()
        use_memory_payments(runtime.current(), self.provider)
        self.patient = self.world.patient()

    def place(self) -> str:
        """A patient's paid place; its encounter."""
        kept = self.patient.send("/queue/lines/now", "/queue/lines/now", screen="2", **ANSWERS).location
        price = self.patient.send(kept, kept).location
        shown = re.search(r'name="shown" value="([^"]+)"', self.patient.get(price))
        assert shown
        page = self.patient.send(price.replace("/price", "/pay"), price, shown=shown[1], provider=self.provider.name).location
        self.provider.pay(page)
        encounter = re.search(r"/visits/([0-9a-f]+)/", price)
        assert encounter
        assert self.patient.goes(f"/visits/{encounter[1]}/paid") == f"/queue/places/{encounter[1]}"
        return encounter[1]

    def money(self) -> list[tuple[str, str]]:
        """Each due with its attempt."""
        with database().reading() as reading:
            return list(reading.exec(select(MoneyDue.status, PaymentAttempt.status).join(PaymentAttempt)))


@pytest.fixture
def paid(app: Callable[..., Flask], now: FixedClock) -> Paid:
    assert now.now().tzinfo
    return Paid(app)


def test_called_and_not_come_the_place_ends_the_money_goes_back_and_the_patient_is_told(paid: Paid, now: FixedClock) -> None:
    encounter = paid.place()
    assert paid.money() == [("secured", "authorised")]
    practitioner = paid.world.practitioner()
    practitioner.send(f"/queue/desk/{encounter}/take", "/queue/desk")
    now.advance(later(4))
    paid.world.tick()
    assert paid.world.request(encounter).status == "accepted", "five minutes are five minutes"
    now.advance(later(1))
    for _ in range(3):
        paid.world.tick()
    paid.world.work()
    assert paid.money() == [("cancelled", "voided")]
    assert (paid.world.request(encounter).close_reason, paid.world.encounter(encounter).status) == ("abandoned", "cancelled")
    told = [(template, text) for template, _, text in mails() if template == "queue.missed"]
    assert len(told) == 1
    assert "released" in told[0][1]
    assert "It was your turn, and you did not come in time." in paid.patient.get(f"/queue/places/{encounter}")
    assert practitioner.goes(practitioner.goes(f"/practice/visits/{encounter}")) == "/queue/desk"
    assert "This patient did not come, or left." in practitioner.get("/queue/desk")
    with database().reading() as reading:
        assert reading.exec(select(Occupancy.state)).all() == ["released"], "the practitioner's minutes are free"


def test_whoever_came_is_not_thrown_out(paid: Paid, now: FixedClock) -> None:
    encounter = paid.place()
    paid.world.practitioner().send(f"/queue/desk/{encounter}/take", "/queue/desk")
    with database().unit_of_work(SYSTEM):
        assert care.arrive(encounter) is None
    now.advance(later(60))
    paid.world.tick("queue.expire_places")
    assert paid.world.request(encounter).status == "accepted"
    assert paid.money() == [("secured", "authorised")]


def test_whom_nobody_could_see_in_time_is_told_and_gets_the_money_back(paid: Paid, now: FixedClock) -> None:
    encounter = paid.place()
    now.advance(later(240))
    for _ in range(2):
        paid.world.tick("queue.expire_places")
    paid.world.work()
    assert paid.money() == [("cancelled", "voided")]
    assert [template for template, _, _ in mails()] == ["queue.expired"]
    page = paid.patient.get(f"/queue/places/{encounter}")
    assert "nobody could see you in time" in page
    assert 'href="tel:116117"' in page


def unreadable(world: World, encounter: str) -> None:
    """The address of a patient was sealed with a key that is lost."""
    patient = world.encounter(encounter).person_id
    with database().unit_of_work() as writing:
        account = writing.exec(select(Account).where(Account.person_id == patient)).one()
        account.email = b"sealed with a lost key"


def test_one_place_that_cannot_be_ended_holds_up_no_other(app: Callable[..., Flask], now: FixedClock) -> None:
    world = World.opened(app)
    faulty, *others = (world.waits(name) for name in ("Ada", "Berta", "Cleo"))
    unreadable(world, faulty)
    now.advance(later(240))
    with pytest.raises(VaultError):
        world.tick("queue.expire_places")
    assert [world.request(one).status for one in (faulty, *others)] == ["active", "revoked", "revoked"]
    assert [template for template, _, _ in mails()] == ["queue.expired"] * 2


def test_one_line_that_cannot_be_watched_holds_up_no_other(app: Callable[..., Flask], now: FixedClock) -> None:
    world = World.opened(app, line(), line("night"))
    unreadable(world, world.waits("Ada"))
    world.waits("Berta", key="night")
    now.advance(later(3))
    with pytest.raises(VaultError):
        world.tick("queue.watch_lines")
    assert [template for template, _, _ in mails()] == ["queue.soon"]


def test_leaving_gives_the_money_back_even_when_called_already(paid: Paid) -> None:
    encounter = paid.place()
    mine = f"/queue/places/{encounter}"
    token_page = paid.patient.get(mine)
    paid.world.practitioner().send(f"/queue/desk/{encounter}/take", "/queue/desk")
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', token_page)
    assert found
    paid.patient.client.post(f"{mine}/leave", data={"csrf_token": found[1]})
    paid.world.work()
    assert paid.money() == [("cancelled", "voided")]
    assert paid.world.request(encounter).status == "revoked"


def test_money_that_arrives_after_the_place_lapsed_goes_back(paid: Paid, now: FixedClock) -> None:
    kept = paid.patient.send("/queue/lines/now", "/queue/lines/now", screen="2", **ANSWERS).location
    price = paid.patient.send(kept, kept).location
    shown = re.search(r'name="shown" value="([^"]+)"', paid.patient.get(price))
    assert shown
    page = paid.patient.send(price.replace("/price", "/pay"), price, shown=shown[1], provider=paid.provider.name).location
    now.advance(later(16))
    runtime.current().jobs.jobs["toubib.lapse_requests"].handler({})
    paid.provider.pay(page)
    with database().reading() as reading:
        attempts = reading.exec(select(PaymentAttempt.id)).all()
    for attempt in attempts:
        payments.look(attempt)
    paid.world.work()
    assert [status for _, status in paid.money()] == ["voided"]


DYING = """
import json, sys, time
from pathlib import Path
from toubib.testing.installations import Starter
from toubib.db import database
from toubib_queue import desk, places
from toubib.contracts.identity import SYSTEM, Actor, ActorKind, Role

order = json.loads(sys.argv[1])
Starter(order["url"], Path(order["folder"])).start(*order["plugins"], migrated=False, **order["sections"])
doctor = Actor(ActorKind.USER, "doctor", roles=(Role("practitioner", order["organisation"], order["role"]),), strong=True)
with database().unit_of_work(doctor if order["act"] == "take" else SYSTEM):
    done = desk.take(order["encounter"], doctor) if order["act"] == "take" else places.leave(order["encounter"])
    print("acted", done, flush=True)
    if order["when"] == "before":
        time.sleep(60)
print("committed", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(("act", "when"), [("take", "before"), ("take", "after"), ("leave", "after")])
def test_a_process_killed_in_between_loses_no_place_and_no_money(app: Callable[..., Flask], database_url: str, tmp_path: Path, act: str, when: str) -> None:
    world = World.opened(app, line(hours=["daily 00:00-24:00"]))
    encounter = world.waits()
    sent = sections(line(hours=["daily 00:00-24:00"]))
    order = {"url": database_url, "folder": str(tmp_path), "plugins": PLUGINS, "sections": sent, "encounter": encounter, "act": act, "when": when}
    order |= {"role": world.made.role_id, "organisation": world.made.organisation_id}
    child = subprocess.Popen([sys.executable, "-c", DYING, json.dumps(order)], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    while (said := child.stdout.readline().strip()) != ("committed" if when == "after" else "acted None"):
        assert said in ("", "acted None"), said
        assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=20)
    row = world.request(encounter)
    if when == "before":
        assert row.status == "active", "what was not committed did not happen"
        assert world.practitioner().send(f"/queue/desk/{encounter}/take", "/queue/desk").status_code == 303
    else:
        assert row.status == ("accepted" if act == "take" else "revoked"), "what was committed stays"
    with database().reading() as reading:
        kept = len(reading.exec(select(Appointment)).all())
    assert kept == (0 if (act, when) == ("leave", "after") else 1)
    if act == "take":
        assert [template for template, _, _ in mails()] == ["queue.called"], "the mail was written with its cause"
