"""A breaker in front of every outside service: whoever does not answer is left alone for a while, then tried once.

Counted over all processes in the database. While a service rests, callers are told at once instead of after a time limit,
and jobs are put back without losing a try (`contracts.jobs.Later`): whatever was ordered is made when the service is back.
Only silence counts, never a refusal: a card that is declined is an answer.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlmodel import col, select

from toubib import runtime
from toubib.contracts.common import ContractError, Message
from toubib.contracts.jobs import Later
from toubib.contracts.media import Health
from toubib.contracts.payment import ProviderUnavailable
from toubib.db import database, require_outside, session
from toubib.db.once import found_or_added
from toubib.db.tables.machinery import ProviderState
from toubib.seams import clock
from toubib.seams.network import MailRefused, NetworkUnavailable

log = structlog.get_logger("toubib.breaker")

SILENCE = (ProviderUnavailable, NetworkUnavailable, TimeoutError, ConnectionError)
ANSWERS = (ContractError, MailRefused)
PROBE = timedelta(seconds=60)
"""For how long one caller alone tries a rested service; longer than any time limit of a call."""

LONGEST_DOUBLING = 4
NOTED_EVERY = timedelta(minutes=1)


class ServiceRests(ProviderUnavailable, Later):
    """The service did not answer several times in a row and is left alone for `wait`."""

    def __init__(self, name: str, wait: timedelta) -> None:
        Later.__init__(self, wait)
        self.name = name


@dataclass(frozen=True, slots=True)
class ServiceState:
    """How an outside service answers, for the operator. `concern` is `payment`, `mail` or `media`.

    `state`: `answers`, `silent` (failed since its last answer), `rests` (left alone until `rests_until`). `last_ms` is the
    time of the last call.
    """

    concern: str
    name: str
    state: str
    failures: int
    last_ms: int
    last_error: str
    answered_at: datetime | None
    failed_at: datetime | None
    rests_until: datetime | None


@contextmanager
def calling(concern: str, name: str) -> Iterator[None]:
    """Around one call to an outside service, outside any unit of work. Raises `ServiceRests` instead of calling.

    What the call raises passes through; of it only silence (no answer, not in time) counts against the service, and the
    silence that begins or prolongs its rest becomes `ServiceRests` too: a job that tried for all others loses no try.
    """
    require_outside("a call to an outside service")
    key, began = f"{concern}:{name}", clock.now()
    seen = _admitted(key)
    try:
        yield
    except ANSWERS:
        _answered(key, seen, began)
        raise
    except SILENCE as error:
        if wait := _failed(key, began, error):
            raise ServiceRests(key, wait) from error
        raise
    _answered(key, seen, began)


def _admitted(key: str) -> ProviderState | None:
    with database().reading() as reading:
        row = reading.exec(select(ProviderState).where(ProviderState.name == key)).first()
    if row is None or row.rests_until is None:
        return row
    now = clock.now()
    if row.rests_until > now or not _chosen(row, now):
        raise ServiceRests(key, max(row.rests_until - now, timedelta(seconds=1)))
    return row


def _chosen(row: ProviderState, now: datetime) -> bool:
    """Whether this caller is the one that tries; the others wait for what it finds."""
    mine = update(ProviderState).where(col(ProviderState.id) == row.id, col(ProviderState.rests_until) == row.rests_until)
    with database().unit_of_work() as writing:
        return writing.execute(mine.values(rests_until=now + PROBE)).rowcount == 1  # type: ignore[attr-defined, no-any-return]


def _failed(key: str, began: datetime, error: BaseException) -> timedelta | None:
    """Count a silence; for how long the service rests now, if it does."""
    rules, now = runtime.current().settings.rules, clock.now()
    with database().unit_of_work():
        row = _row(key)
        row.failures, row.last_ms, row.last_error, row.failed_at = row.failures + 1, _ms(began), type(error).__name__, now
        over = row.failures - rules.silent_calls
        rest = timedelta(seconds=rules.silent_rest_seconds) * 2 ** min(over, LONGEST_DOUBLING) if over >= 0 else None
        row.rests_until = now + rest if rest else row.rests_until
    if rest:
        log.warning("an outside service is left alone", service=key, failures=row.failures, until=str(row.rests_until))
    return rest


def _answered(key: str, seen: ProviderState | None, began: datetime) -> None:
    """Note an answer: at once when it ends a silence, otherwise once a minute."""
    now = clock.now()
    if seen and not seen.failures and seen.answered_at and now - seen.answered_at < NOTED_EVERY:
        return
    with database().unit_of_work():
        row = _row(key)
        row.failures, row.rests_until, row.last_ms, row.answered_at = 0, None, _ms(began), now
    if seen and seen.failures:
        log.info("an outside service answers again", service=key)


def _row(key: str) -> ProviderState:
    """What is known of a service, ours until the unit of work ends."""
    return found_or_added(select(ProviderState).where(ProviderState.name == key).with_for_update(), ProviderState(name=key))


def _ms(began: datetime) -> int:
    return int((clock.now() - began) / timedelta(milliseconds=1))


def states() -> Sequence[ServiceState]:
    """Every outside service that was called so far, by name. Inside a unit of work."""
    now = clock.now()
    return [_as_state(row, now) for row in session().exec(select(ProviderState).order_by(ProviderState.name))]


def _as_state(row: ProviderState, now: datetime) -> ServiceState:
    concern, _, name = row.name.partition(":")
    rests = row.rests_until is not None and row.rests_until > now
    state = "rests" if rests else "silent" if row.failures else "answers"
    until = row.rests_until if rests else None
    return ServiceState(concern, name, state, row.failures, row.last_ms, row.last_error, row.answered_at, row.failed_at, until)


def media_health(name: str) -> Health:
    """How a media backend says it is, asked outside any unit of work; one that is silent is said to be, and left alone."""
    try:
        with calling("media", name):
            return runtime.current().registry.media[name].health()
    except SILENCE:
        return Health(ok=False, message=Message("toubib", "It does not answer."))
