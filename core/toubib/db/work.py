"""The unit of work: one transaction per act, opened at the edge (a page, a job, a command) and joined by all below.

Plugins join with `session()` and never commit. While one is open no network call is allowed
(`toubib.seams.network` asks `is_open`): every outside effect is a row written in it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from toubib.contracts.identity import SYSTEM, Actor
from toubib.db import wall
from toubib.db.engine import WRITE

log = structlog.get_logger("toubib.db")


class NoUnitOfWork(Exception):
    """A service was called outside a unit of work."""


class UnitOfWorkOpen(Exception):
    """Something that may not happen inside a unit of work (network, another unit of work) was tried there."""


@dataclass(slots=True)
class Work:
    """The open unit of work: its session, who acts, and what remains to be written before it closes.

    The last acts of a reading unit of work (the audit row of what was read) run in a writing one right after.
    `afterwards` runs outside, once everything is committed.
    """

    session: Session
    actor: Actor
    write: bool
    last_acts: list[Callable[[], None]] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)


_work: ContextVar[Work | None] = ContextVar("toubib_work", default=None)


class Database:
    """An engine with its two ways of beginning: for writing (takes SQLite's lock at once) and for reading.

    `reach` tells which organisations an actor has something to do with; without it every query sees every row.
    """

    def __init__(self, engine: Engine, reach: wall.Reach | None = None) -> None:
        self.engine = engine
        self._reach = reach
        self._writer = engine.execution_options(**{WRITE: True})

    @contextmanager
    def unit_of_work(self, actor: Actor = SYSTEM) -> Iterator[Session]:
        """Open a writing unit of work: commits at the end, rolls back on any exception."""
        with self._opened(self._writer, actor, write=True) as work, work.session.begin():
            yield work.session
            _run(work.last_acts)
        _run_afterwards(work)

    @contextmanager
    def reading(self, actor: Actor = SYSTEM) -> Iterator[Session]:
        """Open a reading unit of work; whatever it changed is rolled back. What it read is audited afterwards."""
        with self._opened(self.engine, actor, write=False) as work:
            yield work.session
            # rows that were read stay readable after the end; a rollback alone would empty them
            work.session.expunge_all()
            work.session.rollback()
        if work.last_acts:
            with self.unit_of_work(actor):
                _run(work.last_acts)
        _run_afterwards(work)

    @contextmanager
    def _opened(self, engine: Engine, actor: Actor, *, write: bool) -> Iterator[Work]:
        if _work.get() is not None:
            raise UnitOfWorkOpen("a unit of work is open already: join it with session()")
        with (
            wall.WalledSession(engine, expire_on_commit=False, autoflush=True) as session,
            wall.standing(session, actor, self._reach),
        ):
            work = Work(session, actor, write)
            mark = _work.set(work)
            try:
                yield work
            finally:
                _work.reset(mark)


def _run(acts: list[Callable[[], None]]) -> None:
    for act in acts:
        act()


def _run_afterwards(work: Work) -> None:
    """What is done is committed: whatever fails here is told to the log and undoes nothing."""
    for act in work.afterwards:
        try:
            act()
        except Exception:
            log.exception("an act after the commit failed")


def after_commit(act: Callable[[], None]) -> None:
    """Run `act` once the open unit of work is committed, not at all when it is rolled back, at once when none is open.

    For what nobody may see before the commit and what may get lost: a live message. What must happen is a job.
    """
    work = _work.get()
    if work is None:
        act()
    else:
        work.afterwards.append(act)


def current() -> Work:
    """The open unit of work; raises `NoUnitOfWork` when there is none."""
    work = _work.get()
    if work is None:
        raise NoUnitOfWork("open a unit of work first")
    return work


def session() -> Session:
    """The session of the open unit of work."""
    return current().session


def actor() -> Actor:
    """Who acts in the open unit of work."""
    return current().actor


def is_open() -> bool:
    """Whether a unit of work is open in this context."""
    return _work.get() is not None


def require_outside(what: str) -> None:
    """Raise `UnitOfWorkOpen` when called inside one."""
    if is_open():
        raise UnitOfWorkOpen(f"{what} may not happen inside a unit of work")
