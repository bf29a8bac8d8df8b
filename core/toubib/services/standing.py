"""Standing: may this practitioner act now? One question for search, booking, queues, answers, the room and prescriptions.

Several sources may speak of a practitioner (the operator, a reviewer's decision, a register, an unpaid subscription), each in rows of
its own. The newest row of a source and scope is that source's word. A good word that has run out bars; a suspension that has ended
is over, and the word before it holds again. So everything takes effect by the clock, without any job.

Somebody may act in a scope when one source at least says `good` for `practise`, and none says otherwise for `practise` or that scope.
A deployment names in `[rules] standing` the sources without whose good word nobody acts at all.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, not_, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from toubib import runtime
from toubib.audit import trail
from toubib.contracts.common import Message, Ref, Refused
from toubib.contracts.journey import Command
from toubib.db import actor, session
from toubib.db.tables.directory import PractitionerRole, Standing
from toubib.seams import clock

PRACTISE, ANSWER = "practise", "answer"
GOOD, PENDING, SUSPENDED = "good", "pending", "suspended"
COMMANDS = frozenset({Command.HOLD, Command.CONFIRM, Command.ADMIT, Command.START, Command.ISSUE_PRESCRIPTION})
"""Commands that need a practitioner who may act. What winds a visit up (end, settle, cancel, reassign) never waits for it."""
BARRED = Refused("standing", Message("toubib", "This practitioner may not act here at the moment."))


def _counts(row: type[Standing], at: datetime) -> ColumnElement[bool]:
    """Whether a row has something to say at all: it has begun, and is no suspension that is over."""
    speaks = or_(col(row.state) == GOOD, col(row.valid_to).is_(None), col(row.valid_to) > at)
    return and_(col(row.valid_from) <= at, speaks)


def _words(at: datetime) -> ColumnElement[bool]:
    """The newest row of each source and scope."""
    newer = aliased(Standing)
    same = (newer.practitioner_id == Standing.practitioner_id, newer.source == Standing.source, newer.scope == Standing.scope)
    later = select(newer.id).where(*same, col(newer.valid_from) > col(Standing.valid_from), _counts(newer, at))
    return and_(_counts(Standing, at), not_(later.exists()))


def _good(at: datetime) -> ColumnElement[bool]:
    return and_(col(Standing.state) == GOOD, or_(col(Standing.valid_to).is_(None), col(Standing.valid_to) > at))


def able(scope: str = PRACTISE, at: datetime | None = None) -> SelectOfScalar[str]:
    """A query for the ids of the practitioners who may act in `scope` at an instant (now, when none is given)."""
    when = at or clock.now()
    said = select(Standing.practitioner_id).where(_words(when))
    good = said.where(_good(when), Standing.scope == PRACTISE)
    barred = said.where(not_(_good(when)), col(Standing.scope).in_((PRACTISE, scope)))
    found = good.where(col(Standing.practitioner_id).not_in(barred))
    for source in runtime.current().settings.rules.standing:
        found = found.where(col(Standing.practitioner_id).in_(good.where(Standing.source == source)))
    return found


def may(practitioner_id: str, scope: str = PRACTISE, at: datetime | None = None) -> bool:
    """Whether a practitioner may act in `scope` at an instant; the same rule as `able`."""
    return session().exec(able(scope, at).where(Standing.practitioner_id == practitioner_id)).first() is not None


def scopes(practitioner_id: str, prefix: str, at: datetime | None = None) -> Mapping[str, bool]:
    """The scopes that begin with `prefix` and of which somebody spoke, with whether everybody calls the practitioner good there at an instant."""
    when = at or clock.now()
    said = select(Standing).where(Standing.practitioner_id == practitioner_id, col(Standing.scope).startswith(prefix, autoescape=True), _words(when))
    found: dict[str, bool] = {}
    for row in session().exec(said):
        good = row.state == GOOD and (row.valid_to is None or row.valid_to > when)
        found[row.scope] = found.get(row.scope, True) and good
    return found


def refusal(practitioner_role_id: str | None, scope: str = PRACTISE) -> Refused | None:
    """Why somebody may not act in this role now; `None` when they may, or when the encounter has no practitioner yet."""
    if practitioner_role_id is None:
        return None
    query = select(PractitionerRole.id).where(PractitionerRole.id == practitioner_role_id, col(PractitionerRole.active))
    able_now = query.where(col(PractitionerRole.practitioner_id).in_(able(scope)))
    return None if session().exec(able_now).first() else BARRED


def say(
    practitioner_id: str,
    state: str,
    *,
    source: str,
    reason: str = "",
    scope: str = PRACTISE,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> str:
    """Let a source speak of a practitioner from `valid_from` (now) to `valid_to` (for good); returns the row's id.

    Nothing is overwritten: the former word stays as history. `reason` is read by reviewers and operators and holds no health data.
    """
    row = Standing(
        practitioner_id=practitioner_id,
        scope=scope,
        state=state,
        valid_from=valid_from or clock.now(),
        valid_to=valid_to,
        source=source,
        reason=reason,
        decided_by=actor().id,
    )
    session().add(row)
    session().flush()
    trail.wrote("standing", Ref("practitioner", practitioner_id), person_id=practitioner_id, reason=f"{source}: {state}")
    return row.id


def history(practitioner_id: str) -> Sequence[Standing]:
    """Every word ever said of a practitioner, newest first."""
    query = select(Standing).where(Standing.practitioner_id == practitioner_id)
    return session().exec(query.order_by(col(Standing.valid_from).desc(), col(Standing.id))).all()
