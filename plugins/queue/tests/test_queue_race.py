"""Two real server processes on one database: one taker, the last place once, one alert."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlmodel import select

from toubib.db import database
from toubib.db.tables.agenda import Appointment, Occupancy
from toubib.db.tables.machinery import JobRow
from toubib.db.tables.requests import Assignment, ServiceRequest
from toubib.seams import clock
from toubib.seams.clock import FixedClock
from toubib.testing.http_browser import HttpBrowser
from toubib.testing.practices import practitioner_session
from toubib.testing.servers import servers
from toubib_queue import alerts, duty, lines
from toubib_queue.models import AlertRow
from toubib_queue.testing import ANSWERS, PLUGINS, World, colleague, later, line, mails, sections

ALWAYS = ["daily 00:00-24:00"]
PAGE = "/queue/lines/now"
TAKERS, VISITORS, PLACES = 8, 12, 3


@pytest.mark.slow
@pytest.mark.feature("QUEUE-04:a")
def test_of_many_practitioners_on_two_servers_exactly_one_takes_the_patient(app: Callable[..., Flask], database_url: str, tmp_path: Path) -> None:
    world = World.opened(app, line(hours=ALWAYS))
    encounters = [world.waits("Bea"), world.waits("Carl")]
    with database().unit_of_work():
        tokens = [practitioner_session(colleague(world.made, f"doctor{n}")) for n in range(TAKERS)]
    with servers(database_url, tmp_path, PLUGINS, sections(line(hours=ALWAYS))) as ports, ThreadPoolExecutor(TAKERS) as threads:
        people = [HttpBrowser(ports[n % 2], cookies={"tb_session": token}) for n, token in enumerate(tokens)]
        tokens_of_forms = list(threads.map(lambda person: _form_token(person, "/queue/desk"), people))
        for encounter in encounters:
            together = Barrier(TAKERS)

            def take(number: int, encounter: str = encounter, together: Barrier = together) -> int:
                together.wait(timeout=60)
                return people[number]._ask("POST", f"/queue/desk/{encounter}/take", f"csrf_token={tokens_of_forms[number]}").status

            found = Counter(threads.map(take, range(TAKERS)))
            assert found[303] == 1, found
            assert set(found) <= {303, 404, 409}, found
    with database().reading() as reading:
        for encounter in encounters:
            assert len(reading.exec(select(Assignment).where(Assignment.encounter_id == encounter, Assignment.state == "accepted")).all()) == 1
            assert len(reading.exec(select(Appointment).where(Appointment.encounter_id == encounter)).all()) == 1
        assert len(reading.exec(select(Occupancy).where(Occupancy.state == "taken")).all()) == len(encounters)


def _form_token(person: HttpBrowser, page: str) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', person.get(page).text)
    assert found, page
    return found[1]


@pytest.mark.slow
@pytest.mark.feature("QUEUE-06:a")
def test_the_last_place_is_given_once_and_staff_are_told_once(app: Callable[..., Flask], database_url: str, tmp_path: Path) -> None:
    chosen = sections(line(hours=ALWAYS, capacity=PLACES), alert_mails=["one@praxis.test", "two@praxis.test"])
    World.opened(app, line(hours=ALWAYS, capacity=PLACES), alert_mails=["one@praxis.test", "two@praxis.test"])
    with servers(database_url, tmp_path, PLUGINS, chosen) as ports, ThreadPoolExecutor(VISITORS) as threads:
        visitors = [HttpBrowser(ports[n % 2]) for n in range(VISITORS)]
        together = Barrier(VISITORS)

        def join(visitor: HttpBrowser) -> int:
            token = _form_token(visitor, PAGE)
            together.wait(timeout=60)
            form = "&".join(f"{key}={value.replace(' ', '+')}" for key, value in {"csrf_token": token, "screen": "2", **ANSWERS}.items())
            return visitor._ask("POST", PAGE, form).status

        assert Counter(threads.map(join, visitors)) == {302: PLACES, 409: VISITORS - PLACES}
    with database().reading() as reading:
        assert len(reading.exec(select(ServiceRequest)).all()) == PLACES
        assert [(row.kind, row.cleared_at) for row in reading.exec(select(AlertRow)).all()] == [("full", None)]
        assert len(reading.exec(select(JobRow).where(JobRow.name == "toubib.send_mail")).all()) == 2
    assert [(template, address) for template, address, _ in mails()] == [("queue.alert_full", f"{name}@praxis.test") for name in ("one", "two")]


WATCHING = """
import json, sys
from pathlib import Path
from toubib.testing.installations import Starter
from toubib_queue import places

order = json.loads(sys.argv[1])
Starter(order["url"], Path(order["folder"])).start(*order["plugins"], migrated=False, **order["sections"])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(10):
    places.watch({})
"""


@pytest.mark.feature("QUEUE-06:a")
def test_two_workers_on_one_database_tell_a_long_wait_once(app: Callable[..., Flask], database_url: str, tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"alert_mails": ["staff@praxis.test"], "alert_after_minutes": [30, 60]}
    world = World.opened(app, line(hours=ALWAYS), **chosen)
    encounter = world.waits()
    with database().unit_of_work() as writing:
        row = writing.exec(select(ServiceRequest).where(ServiceRequest.encounter_id == encounter)).one()
        row.active_at = clock.now() - later(45)
    order = {"url": database_url, "folder": str(tmp_path), "plugins": PLUGINS, "sections": sections(line(hours=ALWAYS), **chosen)}
    command = [sys.executable, "-c", WATCHING, json.dumps(order)]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=120)
    assert [worker.returncode for worker in workers] == [0, 0]
    told = [template for template, _, text in mails() if template == "queue.alert_wait" and "30 minutes" in text]
    assert told == ["queue.alert_wait"]
    with database().reading() as reading:
        assert [(row.kind, row.threshold) for row in reading.exec(select(AlertRow)).all()] == [("wait", 30)]


@pytest.mark.feature("QUEUE-06:a")
def test_what_is_over_and_happens_again_is_told_again(app: Callable[..., Flask], now: FixedClock) -> None:
    world = World.opened(app, line(capacity=1), alert_mails=["staff@praxis.test"])
    first = world.waits()
    world.tick("queue.watch_lines")
    assert [template for template, _, _ in mails()] == ["queue.alert_full"]
    now.advance(later(16))
    world.browser()
    with database().unit_of_work():
        lines.decide("now", "hours", 2)
        alerts.check(lines.line("now"))
    with database().unit_of_work():
        lines.decide("now", "hours", 1)
        alerts.check(lines.line("now"))
    assert [template for template, _, _ in mails() if template == "queue.alert_full"] == ["queue.alert_full"] * 2
    assert world.request(first).status == "active"
    with database().reading():
        assert duty.of(world.made.role_id) is not None
