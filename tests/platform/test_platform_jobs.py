"""Jobs: with their cause or not at all, once per key, again after failures, taken over from the dead."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from toubib.contracts.jobs import Job, Payload
from toubib.db import database, session
from toubib.db.tables.machinery import JobRow
from toubib.jobs.engine import JobEngine, UnknownJob
from toubib.runtime import Toubib
from toubib.seams import clock
from toubib.seams.clock import FixedClock

Start = Callable[..., Toubib]


class Bench:
    """An engine with invented jobs, and what they were called with."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.fail = 0
        self.engine = JobEngine([
            Job("test.note", self._note, max_attempts=3, backoff=timedelta(seconds=10), timeout=timedelta(seconds=60)),
            Job("test.tick", self._tick, every=timedelta(seconds=5)),
        ])

    def _note(self, payload: Payload) -> None:
        self.calls.append(str(payload["word"]))
        if self.fail:
            self.fail -= 1
            raise ValueError(payload["word"])

    def _tick(self, _payload: Payload) -> None:
        self.calls.append("tick")

    def add(self, word: str, key: str | None = None) -> None:
        with database().unit_of_work():
            self.engine.enqueue("test.note", {"word": word}, key=key)


@pytest.fixture
def bench(installation: Start, now: FixedClock) -> Bench:
    installation()
    assert now.now().tzinfo
    return Bench()


def fail() -> None:
    """Whatever goes wrong later in a unit of work."""
    raise ZeroDivisionError


def rows(name: str = "test.note") -> list[JobRow]:
    with database().reading():
        return list(session().exec(select(JobRow).where(JobRow.name == name).order_by(col(JobRow.created_at))))


def test_work_is_kept_with_its_cause_or_not_at_all(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), database().unit_of_work():  # noqa: PT012  all of it belongs to one unit of work
        bench.engine.enqueue("test.note", {"word": "never"})
        bench.engine.enqueue("test.note", {"word": "never"}, key="k")
        fail()
    assert (rows(), bench.engine.run_due()) == ([], 0)
    with database().unit_of_work():
        bench.engine.enqueue("test.note", {"word": "once"}, key="k")
    assert bench.engine.run_due() == 1
    assert bench.calls == ["once"]
    assert rows()[0].state == "done"


def test_a_key_counts_once_for_ever(bench: Bench) -> None:
    for _ in range(2):
        bench.add("first", "k")
        bench.add("second", "k")
        bench.engine.run_due()
    bench.add("other", "l")
    bench.engine.run_due()
    assert bench.calls == ["first", "other"]


def test_a_key_that_two_add_at_once_costs_neither_their_work(bench: Bench) -> None:
    gate, faults = threading.Barrier(6), []

    def add(number: int) -> None:
        gate.wait()
        try:
            with database().unit_of_work():
                bench.engine.enqueue("test.note", {"word": f"own {number}"})
                bench.engine.enqueue("test.note", {"word": "shared"}, key="shared")
                time.sleep(0.02)
        except Exception as fault:  # noqa: BLE001  a thread's fault is the test's
            faults.append(fault)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    bench.engine.run_due()
    assert sorted(bench.calls) == [*(f"own {n}" for n in range(6)), "shared"]


def test_what_fails_is_tried_again_later_and_at_last_laid_aside(bench: Bench, now: FixedClock) -> None:
    bench.add("hard")
    bench.fail = 3
    waits = []
    row = rows()[0]
    for _ in range(3):
        assert bench.engine.run_due() == 1
        assert bench.engine.run_due() == 0, "not at once"
        (row,) = rows()
        waits.append((row.run_at - now.now()).total_seconds())
        now.advance(row.run_at - now.now())
    assert waits == [20, 40, 80]
    assert (row.state, row.last_error, row.attempts) == ("dead", "ValueError", 3)
    assert bench.engine.run_due() == 0
    assert len(bench.calls) == 3


def test_one_failure_holds_no_other_up(bench: Bench) -> None:
    bench.fail = 1
    bench.add("bad")
    bench.add("good")
    assert bench.engine.run_due() == 2
    assert sorted(r.state for r in rows()) == ["done", "ready"]


def test_a_job_that_kills_its_workers_is_laid_aside(bench: Bench, now: FixedClock) -> None:
    bench.add("deadly")
    for _ in range(3):
        assert bench.engine._lease("a worker that dies") is not None
        assert bench.engine._lease("another") is None, "the lease holds"
        now.advance(timedelta(seconds=61))
    assert bench.engine.run_due() == 0
    assert [(r.state, r.last_error) for r in rows()] == [("dead", "WorkerDied")]


def test_a_job_of_a_plugin_that_is_not_loaded_waits_for_it(bench: Bench) -> None:
    bench.add("patient")
    assert JobEngine([]).run_due() == 0
    assert rows()[0].state == "ready"
    assert rows()[0].attempts == 0
    bench.engine.run_due()
    assert bench.calls == ["patient"]
    with pytest.raises(UnknownJob), database().unit_of_work():
        bench.engine.enqueue("test.unheard", {})


def test_periodic_work_is_done_by_one_of_two_workers(bench: Bench, now: FixedClock) -> None:
    other = Bench()
    for engine in (bench.engine, other.engine, bench.engine):
        engine.ensure_periodic()
    assert len(rows("test.tick")) == 1
    ticks = []
    for _ in range(4):
        gate = threading.Barrier(2)

        def work(engine: JobEngine, gate: threading.Barrier = gate) -> None:
            gate.wait()
            engine.run_due()

        threads = [threading.Thread(target=work, args=(b.engine,)) for b in (bench, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ticks.append(len(bench.calls) + len(other.calls))
        now.advance(timedelta(seconds=5))
    assert ticks == [1, 2, 3, 4]


def test_many_workers_run_each_job_once(bench: Bench) -> None:
    for number in range(20):
        bench.add(str(number))
    threads = [threading.Thread(target=bench.engine.serve, args=(f"w{n}", 0.01)) for n in range(4)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 20
    while time.monotonic() < end and len(bench.calls) < 21:
        time.sleep(0.02)
    bench.engine.stop()
    for thread in threads:
        thread.join()
    assert sorted(c for c in bench.calls if c != "tick") == sorted(str(n) for n in range(20))


def test_work_is_taken_over_from_a_worker_that_was_killed(installation: Start, database_url: str, tmp_path: Path) -> None:
    installation()
    calls: list[str] = []
    lease = 2
    engine = JobEngine([Job("toubib.hangs", lambda payload: calls.append(str(payload["word"])), timeout=timedelta(seconds=lease))])
    with database().unit_of_work():
        engine.enqueue("toubib.hangs", {"word": "survivor"})
    order = json.dumps({"url": database_url, "folder": str(tmp_path), "lease": lease})
    command = [sys.executable, str(Path(__file__).with_name("jobs_worker.py")), order]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert worker.stdout
    assert worker.stdout.readline() == "in hand\n"
    assert engine.run_due("the second worker") == 0, "it is leased"
    os.kill(worker.pid, signal.SIGKILL)
    worker.communicate(timeout=20)
    end = clock.now() + timedelta(seconds=30)
    while not calls and clock.now() < end:
        engine.run_due("the second worker")
        time.sleep(0.1)
    (row,) = rows("toubib.hangs")
    assert calls == ["survivor"]
    assert (row.state, row.attempts) == ("done", 2)
