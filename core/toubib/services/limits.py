"""Limits on guessing: how often something may be tried in an hour, counted in the database for all processes."""

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from toubib.contracts.common import ContractError, Message
from toubib.db import session
from toubib.db.once import found_or_added
from toubib.db.tables.machinery import RateCount
from toubib.seams import clock


class TooMany(ContractError):
    """Tried too often; the sentence says when to try again."""


def count(name: str, subject: str, *, per_hour: int) -> None:
    """Count one try; raises `TooMany` above the limit of the running hour."""
    key, window = f"{name}:{subject}", _window()
    row = found_or_added(_counting(key, window), RateCount(name=key, window=window))
    row.count += 1
    session().flush()
    _refuse_above(row.count, per_hour)


def check(name: str, subject: str, *, per_hour: int) -> None:
    """Raises `TooMany` when the next try would be above the limit; counts nothing.

    For what counts failures only: asked before the try is looked at, else a right guess passes whatever the limit. Whoever else
    tries the same at this moment waits, so that no two count as one.
    """
    row = session().exec(_counting(f"{name}:{subject}", _window())).first()
    _refuse_above((row.count if row else 0) + 1, per_hour)


def forget() -> None:
    """Forget what was counted in hours that are over, and with it from which address it came."""
    session().execute(delete(RateCount).where(col(RateCount.window) < _window()))


def _window() -> str:
    return clock.now().strftime("%Y-%m-%dT%H")


def _counting(key: str, window: str) -> SelectOfScalar[RateCount]:
    return select(RateCount).where(RateCount.name == key, RateCount.window == window).with_for_update()


def _refuse_above(tries: int, per_hour: int) -> None:
    if tries > per_hour:
        raise TooMany(Message("toubib", "Too many tries. Wait until the next full hour, or call the practice."))
