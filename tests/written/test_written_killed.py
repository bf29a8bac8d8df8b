"""Server and worker killed as by a power cut, during a running chat and while a deadline passes: the money is right to the cent."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlmodel import select

from toubib import runtime
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.money import ChargeItem, PaymentAttempt
from toubib.db.tables.requests import Assignment, ServiceRequest
from toubib.db.tables.room import Segment
from toubib.seams import clock
from toubib.services import ledger, meter
from toubib.testing.demonstrations import wait_for
from toubib.testing.http_browser import HttpBrowser
from toubib_advice.trial import Trial, options
from toubib_payment_stripe.double.launcher import Double, start_double

PLUGINS = ("advice", "payment_stripe")
WORKER = """
import json, sys
from pathlib import Path
from toubib.testing.installations import Starter
order = json.loads(sys.argv[1])
toubib = Starter(order["url"], Path(order["folder"])).start(*order["plugins"], migrated=False, **order["sections"])
toubib.jobs.serve(pause=0.05)
"""


class RealTime:
    """The machine's clock, which no test moves."""

    def now(self) -> Any:
        return clock.now()

    def advance(self, by: timedelta) -> None:
        """It passes by itself."""


class Machine:
    """Server and worker of one installation, each a process of its own."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order, self.port = json.dumps(order), 0
        self.running: list[subprocess.Popen[str]] = []

    def start(self) -> None:
        """Start both; the server's port is another each time."""
        server = subprocess.Popen([sys.executable, "-m", "toubib.testing.servers", self.order], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        worker = subprocess.Popen([sys.executable, "-c", WORKER, self.order], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        self.running = [server, worker]
        assert server.stdout
        self.port = int(server.stdout.readline().split()[1])

    def kill(self) -> None:
        """End both at once, without a word."""
        for process in self.running:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        for process in self.running:
            process.communicate(timeout=20)
        self.running = []


@pytest.fixture
def double() -> Iterator[Double]:
    with start_double() as running:
        yield running


@pytest.fixture
def sections(double: Double) -> dict[str, Any]:
    found = options(advice={"watch_seconds": 1, "silence_seconds": 60, "abandoned_minutes": 0}, use={"payment": ["payment_stripe"]})
    found["settings"]["payment_stripe"] = {"api_base": double.base_url}
    return found


@pytest.fixture
def trial(app: Callable[..., Flask], double: Double, sections: dict[str, Any]) -> Trial:
    return Trial.opened(app(*PLUGINS, **sections), double, RealTime(), runtime.current().jobs)


@pytest.fixture
def machine(database_url: str, tmp_path: Path, sections: dict[str, Any], trial: Trial) -> Iterator[Machine]:  # noqa: ARG001  it is opened first
    made = Machine({"url": database_url, "folder": str(tmp_path), "plugins": PLUGINS, "sections": sections})
    yield made
    made.kill()


def browser(machine: Machine, client: Any) -> HttpBrowser:
    """The same person at the killed server's next life."""
    cookie = client.get_cookie("tb_session")
    return HttpBrowser(machine.port, cookies={"tb_session": cookie.value})


def captured(double: Double) -> list[int]:
    """What the payment service took in all, each time it did."""
    events = [json.loads(body) for _headers, body in double.signed_events()]
    return [event["data"]["object"]["amount_captured"] for event in events if event["type"] == "charge.captured"]


def state(encounter: str) -> str:
    with database().reading() as reading:
        return reading.get_one(Encounter, encounter).status


@pytest.mark.feature("ADVICE-03:c", "PAY-10:a")
def test_a_chat_survives_the_death_of_server_and_worker(trial: Trial, machine: Machine, double: Double) -> None:
    encounter = trial.paid("chat", cap="5")
    trial.take(encounter)
    machine.start()

    def talk(seconds: float) -> None:
        patient, doctor = browser(machine, trial.patient), browser(machine, trial.doctors[0])
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert doctor.get(f"/advice/questions/{encounter}/live").status == 200
            assert patient.get(f"/advice/{encounter}/live").status == 200
            time.sleep(0.1)

    talk(0.5)
    with database().unit_of_work() as writing:
        # as if they had talked for two and a half minutes already
        row = writing.exec(select(Segment)).one()
        begun = row.started_at = row.started_at - timedelta(seconds=150)
    talk(0.5)
    machine.kill()
    time.sleep(1)
    machine.start()
    talk(0.5)
    patient, page = browser(machine, trial.patient), f"/advice/{encounter}"
    assert patient.post(f"{page}/stop", page, {}).status == 303
    machine.kill()
    with database().reading() as reading:
        rows = reading.exec(select(Segment).order_by("started_at")).all()
        ended = reading.get_one(Encounter, encounter).ended_at
    assert ended is not None
    assert [row.ended_at is not None for row in rows] == [True], "one stretch: nothing was lost and nothing counted twice"
    assert (rows[0].started_at, rows[0].reason) == (begun, "stopped by patient")
    assert abs(rows[0].ended_at - ended) < timedelta(seconds=1)  # type: ignore[operator]
    machine.start()
    wait_for(lambda: True if trial.money(encounter)[0] == "settled" else None, "the money")
    _right(trial, encounter, double)


def _right(trial: Trial, encounter: str, double: Double) -> None:
    """The bill equals the meter, the payment service took it once, and it is shared out to the last cent."""
    with database().reading():
        minutes = meter.minutes_begun(meter.total_of(encounter))
        item = session().exec(select(ChargeItem).where(ChargeItem.encounter_id == encounter)).one()
        assert (item.qty, item.charged_minor) == (minutes, 199)
        assert set(ledger.trial_balance().values()) <= {0}
    assert minutes == 3
    assert trial.money(encounter) == ("settled", 199 * minutes, 0)
    assert captured(double) == [199 * minutes]
    assert sum(trial.shares(encounter).values()) == 199 * minutes


@pytest.mark.feature("ADVICE-03:c")
def test_a_chat_whose_two_sides_never_come_back_is_billed_to_their_last_sign_of_life(
    trial: Trial, machine: Machine, double: Double, sections: dict[str, Any]
) -> None:
    sections["settings"]["advice"]["silence_seconds"] = 8
    machine.order = json.dumps({**json.loads(machine.order), "sections": sections})
    encounter = trial.paid("chat", cap="5")
    trial.take(encounter)
    machine.start()
    for client, path in ((trial.doctors[0], f"/advice/questions/{encounter}/live"), (trial.patient, f"/advice/{encounter}/live")) * 2:
        assert browser(machine, client).get(path).status == 200
    last = clock.now()
    machine.kill()
    machine.start()
    wait_for(lambda: True if trial.money(encounter)[0] == "settled" else None, "the money")
    with database().reading() as reading:
        row = reading.exec(select(Segment)).one()
        assert row.reason == "gone"
        assert row.ended_at is not None
        assert row.started_at <= row.ended_at <= last
    assert trial.money(encounter)[1] == 199
    assert captured(double) == [199]


@pytest.mark.feature("ADVICE-02:b", "ADVICE-02:c")
def test_a_deadline_that_passes_while_everything_is_dead_is_kept_afterwards(trial: Trial, machine: Machine, double: Double) -> None:
    encounter, answered = trial.paid("m15"), trial.paid("m15")
    trial.take(encounter)
    machine.start()
    trial.take(answered)
    trial.answer(answered)
    machine.kill()
    with database().unit_of_work() as writing:
        # the fifteen minutes pass while nobody is there
        asked = writing.exec(select(ServiceRequest).where(ServiceRequest.encounter_id == encounter)).one()
        taken = writing.exec(select(Assignment).where(Assignment.encounter_id == encounter)).one()
        asked.due_at = clock.now() - timedelta(seconds=1)
        taken.until = clock.now() - timedelta(minutes=5)
    machine.start()
    wait_for(lambda: True if state(encounter) == "cancelled" else None, "the end of the promise")
    wait_for(lambda: True if trial.money(encounter)[2] == 0 else None, "the released money")
    wait_for(lambda: True if trial.money(answered)[0] == "settled" else None, "the taken money")
    with database().reading() as reading:
        told = reading.exec(select(NotificationRow.template).where(NotificationRow.encounter_id == encounter)).all()
        attempts = {row.status for row in reading.exec(select(PaymentAttempt)).all()}
    assert told == ["advice.refunded"]
    assert attempts == {"voided", "captured"}
    assert trial.money(encounter)[:2] == ("cancelled", 0)
    assert trial.money(answered) == ("settled", 499, 0)
    assert captured(double) == [499]
