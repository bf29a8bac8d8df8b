"""Limits on guessing: how often something may be tried in an hour, counted in the database for all processes."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from toubib.contracts.common import ContractError, Message
from toubib.db import session
from toubib.db.tables.machinery import RateCount
from toubib.seams import clock


class TooMany(ContractError):
    """Tried too often; the sentence says when to try again."""


def _first(key: str, window: str) -> RateCount:
    """The hour's row; whoever else begins it at the same moment makes us wait and then count in theirs."""
    session().flush()
    row = RateCount(name=key, window=window)
    try:
        with session().begin_nested():
            session().add(row)
    except IntegrityError:
        return session().exec(select(RateCount).where(RateCount.name == key, RateCount.window == window).with_for_update()).one()
    return row


def count(name: str, subject: str, *, per_hour: int) -> None:
    """Count one try; raises `TooMany` above the limit of the running hour."""
    window = clock.now().strftime("%Y-%m-%dT%H")
    key = f"{name}:{subject}"
    row = session().exec(select(RateCount).where(RateCount.name == key, RateCount.window == window).with_for_update()).first()
    if row is None:
        row = _first(key, window)
    row.count += 1
    session().flush()
    if row.count > per_hour:
        raise TooMany(Message("toubib", "Too many tries. Wait until the next full hour, or call the practice."))
