"""The second wall between organisations: whatever a query forgot, rows of strangers' organisations do not come back.

Permissions are the first wall: each service asks `policy`. This one stands in the session of a unit of work and adds to every
query, update and deletion through the ORM that tables about persons and visits give only rows of organisations that the actor
has something to do with (`toubib.policy.reach`). What a person creates opens its organisation to them for the unit of work.
The machine (`SYSTEM`, jobs) meets no wall; whoever finds a record by a secret goes through `across_organisations`.

It does not see textual SQL, nor rows that are of the right organisation and the wrong person: that is the policy's part.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, event, inspect, true
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlmodel import Session, col

from toubib.contracts.identity import Actor, ActorKind
from toubib.db.types import Table

Reach = Callable[[Session, Actor], Iterable[str]]
"""The organisations that an actor has something to do with, by one query on the connection of the session."""

MACHINE = (ActorKind.SYSTEM, ActorKind.JOB)
ABOUT_PEOPLE = frozenset({"person", "encounter"})


class Wall:
    """What one unit of work may see: found at the first query that needs it."""

    def __init__(self, session: Session, actor: Actor, reach: Reach) -> None:
        self._session, self._actor, self._reach = session, actor, reach
        self._found: set[str] | None = None
        self._made: set[str] = set()
        self.lifted = False

    def organisations(self) -> list[str]:
        """Ids of the organisations whose rows come back."""
        if self._found is None:
            self._found = set(self._reach(self._session, self._actor))
        return sorted(self._found | self._made)

    def made_in(self, organisation_id: str) -> None:
        """The unit of work writes a row of this organisation."""
        self._made.add(organisation_id)


_standing: ContextVar[Wall | None] = ContextVar("toubib_wall", default=None)


def _organisations() -> list[str]:
    wall = _standing.get()
    return wall.organisations() if wall else []


_INSIDE: Any = bindparam("toubib_organisations", expanding=True, callable_=_organisations)


@cache
def walled(table: Any) -> bool:
    """Whether rows of a table stay inside their organisation: it has one, and points to a person or visit, itself or by others."""
    if "organisation_id" not in table.model_fields or table.global_because:
        return False
    return str(table.__tablename__) in ABOUT_PEOPLE or _points_to_people(str(table.__tablename__), frozenset())


def _points_to_people(name: str, passed: frozenset[str]) -> bool:
    targets = {key.column.table.name for key in Table.metadata.tables[name].foreign_keys} - passed - {name}
    if targets & ABOUT_PEOPLE:
        return True
    own = [t for t in targets if "organisation_id" in Table.metadata.tables[t].columns]
    return any(_points_to_people(target, passed | {name}) for target in own)


def _criterion(table: Any) -> ColumnElement[bool]:
    return col(table.organisation_id).in_(_INSIDE) if inspect(table, raiseerr=False) is not None and walled(table) else true()


_INSIDE_ONLY = with_loader_criteria(Table, lambda cls: _criterion(cls), include_aliases=True, track_closure_variables=False)  # noqa: PLW0108  the library looks into a lambda


class WalledSession(Session):
    """The session of a unit of work."""


@event.listens_for(WalledSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    wall: Wall | None = state.session.info.get("wall")
    if wall is None or wall.lifted or state.is_column_load or state.is_insert:
        return
    state.statement = state.statement.options(_INSIDE_ONLY)


@event.listens_for(WalledSession, "before_flush")
def _opened_by_writing(session: Session, _context: object, _instances: object) -> None:
    wall: Wall | None = session.info.get("wall")
    if wall is not None:
        for row in session.new:
            wall.made_in(getattr(row, "organisation_id", None) or "")


@contextmanager
def standing(session: Session, actor: Actor, reach: Reach | None) -> Iterator[None]:
    """Build the wall for a unit of work; none for the machine."""
    wall = None if reach is None or actor.kind in MACHINE else Wall(session, actor, reach)
    session.info["wall"] = wall
    mark = _standing.set(wall)
    try:
        yield
    finally:
        _standing.reset(mark)


@contextmanager
def across_organisations(reason: str) -> Iterator[None]:
    """Look behind the wall: for a record that a secret names (a code, a link), or that its custodian shares.

    `reason` is for the reader of the code; what is found must be decided by the secret or the policy alone.
    """
    wall = _standing.get()
    if not reason:
        raise ValueError("say why")
    before = wall.lifted if wall else False
    if wall:
        wall.lifted = True
    try:
        yield
    finally:
        if wall:
            wall.lifted = before
