"""Server and worker killed as by power cuts, during a running chat and around a promise of fifteen minutes: the money is right to the cent.

The machine's clock runs on from an offset, so that the minutes of the products pass by the clock of the processes, also while they are
dead. The payment service is a process of its own whose answers a test may hold back, so that the machine dies exactly between what
the service did and what we know of it.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlmodel import select

from toubib import runtime
from toubib.contracts.common import Period
from toubib.db import database, session
from toubib.db.tables.journey import Encounter
from toubib.db.tables.machinery import NotificationRow
from toubib.db.tables.money import ChargeItem, PaymentAttempt
from toubib.db.tables.requests import Assignment, ServiceRequest
from toubib.db.tables.room import Segment
from toubib.seams import clock
from toubib.services import ledger, meter, reconciliation
from toubib.testing import machines
from toubib.testing.demonstrations import wait_for
from toubib.testing.http_browser import HttpBrowser
from toubib.testing.machines import Machine
from toubib_advice.trial import RealTime, Trial, options
from toubib_payment_stripe.double.launcher import Double, start_double

Browser: TypeAlias = Callable[[Any], HttpBrowser]
Taken: TypeAlias = Callable[[], list[int]]
PLUGINS = ("advice", "payment_stripe")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
OWN_TIME, PROMISE = 10 * MINUTE, 15 * MINUTE
SILENCE, TALKED = 200 * SECOND, 150 * SECOND
"""How long the platform bears silence in a chat; and how far ahead the machine lives on with it, less than that."""
LEASE = 2 * MINUTE
"""After so long the jobs of a dead worker are another's."""


class Wire:
    """The way to the payment service. The answer to a call that was named is held back once the service has done it."""

    def __init__(self, double: Double) -> None:
        self.target, self.named = urlsplit(double.base_url).netloc, ""
        self.held, self.free = threading.Event(), threading.Event()
        wire = self

        class Carrier(BaseHTTPRequestHandler):
            def carry(self) -> None:
                """One request there, one answer back."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with closing(http.client.HTTPConnection(wire.target, timeout=60)) as connection:
                    connection.request(self.command, self.path, body, dict(self.headers))
                    answer = connection.getresponse()
                    said = answer.read()
                wire.hold(self.path)
                with suppress(OSError):
                    self.send_response_only(answer.status)
                    for name, value in answer.getheaders():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(said)

            do_GET = do_POST = carry  # noqa: N815  the library's names

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Carrier)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def hold(self, path: str) -> None:
        """Wait with an answer that was named, until it is let go."""
        if self.named and path.endswith(self.named):
            self.named = ""
            self.held.set()
            self.free.wait(60)

    def name(self, ending: str) -> None:
        """The next call whose path ends so is done, and its answer held back."""
        self.held.clear()
        self.free.clear()
        self.named = ending


@pytest.fixture
def double() -> Iterator[Double]:
    with start_double() as running:
        yield running


@pytest.fixture
def wire(double: Double) -> Iterator[Wire]:
    made = Wire(double)
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.free.set()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def sections(wire: Wire) -> dict[str, Any]:
    found = options(advice={"watch_seconds": 1, "silence_seconds": SILENCE // SECOND, "abandoned_minutes": 0}, use={"payment": ["payment_stripe"]})
    found["settings"]["payment_stripe"] = {"api_base": wire.url}
    return found


@pytest.fixture
def trial(app: Callable[..., Flask], double: Double, sections: dict[str, Any]) -> Trial:
    return Trial.opened(app(*PLUGINS, **sections), double, RealTime(), runtime.current().jobs)


@pytest.fixture
def machine(database_url: str, tmp_path: Path, sections: dict[str, Any], trial: Trial) -> Iterator[Machine]:  # noqa: ARG001  it is opened first
    with machines.machine(database_url, tmp_path, PLUGINS, sections) as made:
        yield made


@pytest.fixture
def browser(machine: Machine) -> Browser:
    """The same person's browser at the server's newest life."""

    def seated(client: Any) -> HttpBrowser:
        cookie = client.get_cookie("tb_session")
        return HttpBrowser(machine.port, cookies={"tb_session": cookie.value})

    return seated


@pytest.fixture
def captured(double: Double) -> Taken:
    """What the payment service took in all, each time it did."""
    return lambda: told_by(double, "charge.captured", "amount_captured")


def given_back(double: Double) -> list[int]:
    """What the payment service held and let go, each time it did."""
    return told_by(double, "payment_intent.canceled", "amount")


def told_by(double: Double, kind: str, amount: str) -> list[int]:
    """An amount in each event of a kind in the payment service's own books."""
    events = [json.loads(body) for _headers, body in double.signed_events()]
    return [event["data"]["object"][amount] for event in events if event["type"] == kind]


@pytest.mark.feature("ADVICE-03:c", "PAY-10:a")
def test_a_chat_survives_the_death_of_server_and_worker(trial: Trial, machine: Machine, browser: Browser, captured: Taken) -> None:
    encounter = trial.paid("chat", cap="5")
    trial.take(encounter)
    machine.start()

    def talk(seconds: float) -> None:
        patient, doctor = browser(trial.patient), browser(trial.doctors[0])
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert doctor.get(f"/advice/questions/{encounter}/live").status == 200
            assert patient.get(f"/advice/{encounter}/live").status == 200
            time.sleep(0.1)

    talk(0.5)
    with database().reading() as reading:
        begun = reading.exec(select(Segment)).one().started_at
    machine.kill()
    machine.start(TALKED)
    talk(0.5)
    patient, page = browser(trial.patient), f"/advice/{encounter}"
    assert patient.post(f"{page}/stop", page, {}).status == 303
    machine.kill()
    with database().reading() as reading:
        rows = reading.exec(select(Segment).order_by("started_at")).all()
        ended = reading.get_one(Encounter, encounter).ended_at
    assert ended is not None
    assert [row.ended_at is not None for row in rows] == [True], "one stretch: nothing was lost and nothing counted twice"
    assert (rows[0].started_at, rows[0].reason) == (begun, "stopped by patient")
    assert abs(rows[0].ended_at - ended) < timedelta(seconds=1)  # type: ignore[operator]
    machine.start(TALKED + LEASE)
    wait_for(lambda: True if trial.money(encounter)[0] == "settled" else None, "the money")
    _right(trial, encounter, captured)


def _right(trial: Trial, encounter: str, captured: Taken) -> None:
    """The bill equals the meter, the payment service took it once, and it is shared out to the last cent."""
    with database().reading():
        minutes = meter.minutes_begun(meter.total_of(encounter))
        item = session().exec(select(ChargeItem).where(ChargeItem.encounter_id == encounter)).one()
        assert (item.qty, item.charged_minor) == (minutes, 199)
        assert set(ledger.trial_balance().values()) <= {0}
    assert minutes >= 3, "both lives of the machine are on the meter"
    assert trial.money(encounter) == ("settled", 199 * minutes, 0)
    assert captured() == [199 * minutes]
    assert sum(trial.shares(encounter).values()) == 199 * minutes


@pytest.mark.feature("ADVICE-03:c")
def test_a_chat_whose_two_sides_never_come_back_is_billed_to_their_last_sign_of_life(trial: Trial, machine: Machine, browser: Browser, captured: Taken) -> None:
    encounter = trial.paid("chat", cap="5")
    trial.take(encounter)
    machine.start()
    for client, path in ((trial.doctors[0], f"/advice/questions/{encounter}/live"), (trial.patient, f"/advice/{encounter}/live")) * 2:
        assert browser(client).get(path).status == 200
    last = clock.now()
    machine.kill()
    machine.start(SILENCE + SECOND)
    wait_for(lambda: True if trial.money(encounter)[0] == "settled" else None, "the money")
    with database().reading() as reading:
        row = reading.exec(select(Segment)).one()
        assert row.reason == "gone"
        assert row.ended_at is not None
        assert row.started_at <= row.ended_at <= last
    assert trial.money(encounter)[1] == 199
    assert captured() == [199]


def cut(machine: Machine, wire: Wire) -> None:
    """Kill server and worker between what the payment service did and its answer."""
    assert wire.held.wait(60), "the payment service was never asked"
    machine.kill()
    wire.free.set()


def asked(encounter: str) -> tuple[ServiceRequest, str]:
    """The request and the state of its encounter."""
    with database().reading() as reading:
        row = reading.exec(select(ServiceRequest).where(ServiceRequest.encounter_id == encounter)).one()
        return row, reading.get_one(Encounter, encounter).status


def waits(encounter: str) -> bool:
    return asked(encounter)[0].status == "active"


def promised(encounter: str) -> datetime:
    due_at = asked(encounter)[0].due_at
    assert due_at is not None
    return due_at


@pytest.mark.feature("ADVICE-02:a", "ADVICE-02:b", "ADVICE-02:c")
def test_deaths_around_a_promise_of_fifteen_minutes(trial: Trial, machine: Machine, browser: Browser, wire: Wire, captured: Taken, double: Double) -> None:
    kept, missed = trial.paid("m15"), trial.paid("m15")
    for encounter in (kept, missed):
        trial.take(encounter)

    # The power fails while both promises run.
    machine.start(OWN_TIME - MINUTE)
    assert browser(trial.doctors[0]).get(f"/advice/questions/{missed}").status == 200
    assert "is writing the answer" in browser(trial.patient).get(f"/advice/{missed}").text
    machine.kill()

    # Back shortly before the hour: the first practitioner's own time passed meanwhile, so another answers one of the two in time.
    # The power fails again when the card has been charged and nobody here knows it.
    machine.start(promised(kept) - 3 * machine.took - 5 * SECOND - trial.clock.now())
    wait_for(lambda: (waits(kept) and waits(missed)) or None, "the questions to go back to the others")
    for encounter in (kept, missed):
        assert taken_by(trial, machine, browser, encounter) == 303
    wire.name("/capture")
    assert machine.now() < promised(kept)
    page, second = f"/advice/questions/{kept}", browser(trial.doctors[1])
    assert second.post(f"{page}/answer", page, {"answer": "Rest it for a week."}).location.endswith(kept)
    cut(machine, wire)
    assert asked(missed)[0].status == "accepted"

    # The hour passes while nobody is there. Back after it, the power fails when the money was given back and nobody here knows it.
    machine.wait_until(promised(missed) + SECOND)
    wire.name("/cancel")
    machine.start(machine.ahead)
    cut(machine, wire)

    machine.start(machine.ahead + LEASE)
    wait_for(lambda: trial.money(kept) == ("settled", 499, 0) or None, "the money that was taken")
    wait_for(lambda: trial.money(missed) == ("cancelled", 0, 0) or None, "the money that was given back")
    late = browser(trial.doctors[1]).post(f"/advice/questions/{missed}/answer", "/advice/questions", {"answer": "Too late."})
    assert late.location.endswith("/advice/questions")
    assert "You pay nothing" in browser(trial.patient).get(f"/advice/{missed}").text
    assert "Rest it for a week." in browser(trial.patient).get(f"/advice/{kept}").text
    machine.kill()
    right(trial, kept, missed)
    assert captured() == [499]
    assert given_back(double) == [499]


def taken_by(trial: Trial, machine: Machine, browser: Browser, encounter: str) -> int:
    """The second practitioner accepts, before the hour."""
    page = f"/advice/questions/{encounter}"
    status = browser(trial.doctors[1]).post(f"{page}/take", page, {}).status
    assert machine.now() < promised(encounter)
    return status


def right(trial: Trial, kept: str, missed: str) -> None:
    """Everybody was told once, and our books say to the cent what the payment service's own say."""
    with database().reading():
        told = sorted((row.encounter_id or "", row.template) for row in session().exec(select(NotificationRow)).all())
        tried = [row.state for row in session().exec(select(Assignment).where(Assignment.encounter_id == missed)).all()]
        attempts = {row.status: row.captured_minor for row in session().exec(select(PaymentAttempt)).all()}
        clearing = [b.balance.minor for b in ledger.balances(trial.made.organisation_id) if b.account.kind == ledger.CLEARING]
        assert reconciliation.faults() == []
    practitioners = [(encounter, "advice.pressing") for encounter in (kept, missed) for _each in trial.doctors]
    assert told == sorted([(kept, "advice.waiting"), (missed, "advice.refunded"), *practitioners])
    assert "expired" in tried
    assert attempts == {"captured": 499, "voided": 0}
    assert trial.shares(kept) == {"platform": 150, "practitioner": 349}
    assert trial.shares(missed) == {}
    assert clearing == [499]
    now = trial.clock.now()
    assert reconciliation.compare("payment_stripe", Period(now - PROMISE, now + 2 * PROMISE)) == []
