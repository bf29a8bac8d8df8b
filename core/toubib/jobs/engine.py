"""The embedded engine: jobs are rows of the application's own database, leased by workers.

A worker that dies loses its lease and another takes over. At least once; never lost, since the row was
committed with its cause.
"""

import threading
from collections.abc import Iterable, Mapping
from datetime import timedelta

import structlog
from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from toubib.contracts.jobs import Job, Later, Payload
from toubib.db import database, session
from toubib.db.tables.machinery import JobRow
from toubib.seams import clock, randomness

log = structlog.get_logger("toubib.jobs")
LONGEST_WAIT = timedelta(hours=1)
"""Before a job that fails again and again is tried once more."""
A_MINUTE = timedelta(minutes=1)
"""The same for a job that runs at a short interval: one thing on which it fails does not keep all others waiting."""


def _add_once(row: JobRow) -> None:
    """Add a row unless another unit of work commits one with its key at the same moment: that one serves for both."""
    session().flush()
    try:
        with session().begin_nested():
            session().add(row)
    except IntegrityError:
        log.debug("enqueued already", job=row.name)


class UnknownJob(Exception):
    """A job of this name was never declared."""


class JobEngine:
    """Declared jobs, and the loop that runs what is due."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs: Mapping[str, Job] = {job.name: job for job in jobs}
        self._stop = threading.Event()

    def enqueue(self, name: str, payload: Payload, *, key: str | None = None, delay: timedelta = timedelta()) -> None:
        """Add work in the open unit of work. A second one with the same `key` is ignored, for ever."""
        job = self._job(name)
        row = JobRow(name=name, payload=dict(payload), payload_version=job.payload_version, key=key, run_at=clock.now() + delay)
        if key is None:
            session().add(row)
        elif session().exec(select(JobRow.id).where(JobRow.key == key)).first() is None:
            _add_once(row)

    def _job(self, name: str) -> Job:
        if name not in self.jobs:
            raise UnknownJob(name)
        return self.jobs[name]

    def ensure_periodic(self) -> None:
        """Make sure that one row waits for each job that runs at an interval."""
        for job in self.jobs.values():
            if job.every is not None:
                with database().unit_of_work():
                    self.enqueue(job.name, {}, key=f"every:{job.name}")

    def run_due(self, worker: str = "worker", limit: int = 50) -> int:
        """Run what is due now, one after the other; returns how many were run. Outside any unit of work."""
        done = 0
        while done < limit and (row := self._lease(worker)) is not None:
            self._run(row)
            done += 1
        return done

    def serve(self, worker: str | None = None, pause: float = 0.25) -> None:
        """Run due work until `stop` is called."""
        name = worker or f"worker-{randomness.new_id()[:8]}"
        self.ensure_periodic()
        while not self._stop.is_set():
            try:
                busy = self.run_due(name)
            except Exception:
                log.exception("worker will try again", worker=name)
                busy = 0
            if not busy:
                self._stop.wait(pause)

    def stop(self) -> None:
        """End `serve` after the job in hand."""
        self._stop.set()

    def _lease(self, worker: str) -> JobRow | None:
        now = clock.now()
        with database().reading() as reading:
            query = (
                select(JobRow)
                .where(col(JobRow.name).in_(self.jobs), JobRow.run_at <= now)
                .where(or_(col(JobRow.state) == "ready", (col(JobRow.state) == "running") & (col(JobRow.leased_until) < now)))
                .order_by(col(JobRow.run_at))
                .limit(1)
            )
            row = reading.exec(query).first()
        if row is None:
            return None
        if row.state == "running" and self._exhausted(row):
            self._update(row, state="dead", last_error="WorkerDied")
            return self._lease(worker)
        lease = now + self._job(row.name).timeout
        with database().unit_of_work() as writing:
            taken = writing.execute(
                update(JobRow)
                .where(col(JobRow.id) == row.id, col(JobRow.state) == row.state, col(JobRow.attempts) == row.attempts)
                # a periodic job that another worker ran meanwhile looks the same but for its time
                .where(col(JobRow.run_at) == row.run_at)
                .values(state="running", leased_by=worker, leased_until=lease, attempts=row.attempts + 1)
            )
            if taken.rowcount != 1:  # type: ignore[attr-defined]
                return None
        row.attempts += 1
        return row

    def _run(self, row: JobRow) -> None:
        job = self.jobs[row.name]
        try:
            job.handler(row.payload)
        except Later as later:
            self._put_back(row, job, later)
        except Exception as error:
            log.warning("job failed", job=row.name, attempt=row.attempts, error=type(error).__name__, exc_info=True)
            self._failed(row, job, type(error).__name__)
        else:
            self._finished(row, job)

    def _finished(self, row: JobRow, job: Job) -> None:
        if job.every is not None and row.key == f"every:{job.name}":
            self._update(row, state="ready", run_at=clock.now() + job.every, attempts=0, last_error="")
        else:
            self._update(row, state="done", finished_at=clock.now())

    def _put_back(self, row: JobRow, job: Job, later: Later) -> None:
        """Not now: the row waits as if it had not been tried."""
        log.info("job waits", job=row.name, seconds=later.wait.total_seconds())
        wait = min(later.wait, job.every) if job.every is not None else later.wait
        self._update(row, state="ready", run_at=clock.now() + wait, attempts=row.attempts - 1)

    def _exhausted(self, row: JobRow) -> bool:
        job = self.jobs[row.name]
        return row.attempts >= job.max_attempts and row.key != f"every:{job.name}"

    def _failed(self, row: JobRow, job: Job, error: str) -> None:
        dead = self._exhausted(row)
        longest = LONGEST_WAIT if job.every is None else max(job.every, A_MINUTE)
        wait = min(job.backoff * 2 ** min(row.attempts, 12), longest)
        self._update(row, state="dead" if dead else "ready", run_at=clock.now() + wait, last_error=error)

    def _update(self, row: JobRow, **values: object) -> None:
        with database().unit_of_work() as writing:
            writing.execute(
                update(JobRow)
                .where(col(JobRow.id) == row.id, col(JobRow.attempts) == row.attempts)
                .values(leased_by="", leased_until=None, **values)
            )
