"""Limits on guessing: how often something may be tried in an hour, counted in the database for all processes."""

from sqlmodel import select

from toubib.contracts.common import ContractError, Message
from toubib.db import session
from toubib.db.tables.machinery import RateCount
from toubib.seams import clock


class TooMany(ContractError):
    """Tried too often; the sentence says when to try again."""


def count(name: str, subject: str, *, per_hour: int) -> None:
    """Count one try; raises `TooMany` above the limit of the running hour."""
    window = clock.now().strftime("%Y-%m-%dT%H")
    key = f"{name}:{subject}"
    row = session().exec(select(RateCount).where(RateCount.name == key, RateCount.window == window).with_for_update()).first()
    if row is None:
        row = RateCount(name=key, window=window)
        session().add(row)
    row.count += 1
    session().flush()
    if row.count > per_hour:
        raise TooMany(Message("toubib", "Too many tries. Wait until the next full hour, or call the practice."))
