"""The lines of the queue as they stand: open or not, until when, how many wait, how long it takes. Reads counts, never persons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import and_, col, func, or_, select

from toubib import runtime
from toubib.contracts.common import ContractError, Period, Refused
from toubib.db import actor, session
from toubib.db.tables.directory import Organisation
from toubib.db.tables.requests import ServiceRequest
from toubib.db.wall import across_organisations
from toubib.seams import clock
from toubib.services import countries
from toubib_queue import duty, hours, order
from toubib_queue.models import LineRow
from toubib_queue.order import Waiting
from toubib_queue.settings import LineSettings, QueueSettings
from toubib_queue.texts import DOMAIN, say

NO_LINE = say("This service is not offered any more. Choose another.")
OPEN, CLOSED, PAUSED, FULL, UNSTAFFED = "open", "closed", "paused", "full", "unstaffed"


@dataclass(frozen=True, slots=True)
class State:
    """A line now. `word`: `open`, `closed` (by its hours), `paused` (by staff), `full`, or `unstaffed` (nobody is on duty).

    `until` is when an open line closes (`None`: it never does, or staff opened it by hand), `opens` when a closed one opens next;
    `wait` is in minutes for whoever joins now.
    """

    line: LineSettings
    word: str
    until: datetime | None
    opens: datetime | None
    waiting: int
    capacity: int
    on_duty: int
    wait: int

    @property
    def open(self) -> bool:
        """Whether a place may be taken."""
        return self.word == OPEN


def settings() -> QueueSettings:
    """The plugin's settings in the running installation."""
    found = runtime.current().registry.plugins[DOMAIN].settings
    if not isinstance(found, QueueSettings):
        raise TypeError("the settings of another plugin")
    return found


def line(key: str) -> LineSettings:
    """A line by its key; raises `ContractError` for one that is not offered."""
    found = next((one for one in settings().lines if one.key == key), None)
    if found is None:
        raise ContractError(NO_LINE)
    return found


def organisation_id(of: LineSettings) -> str:
    """The organisation that bills for a line; raises `ContractError` where it does not exist."""
    found = session().exec(select(Organisation.id).where(Organisation.slug == of.organisation)).first()
    if found is None:
        raise ContractError(NO_LINE)
    return found


def row(of: LineSettings, *, lock: bool = False) -> LineRow:
    """What staff decided of a line; with `lock`, nobody else takes a place or decides until the unit of work ends."""
    query = select(LineRow).where(LineRow.line == of.key)
    query = query.with_for_update() if lock else query
    found = session().exec(query.execution_options(populate_existing=True)).first()
    if found is not None or not lock:
        return found or LineRow(organisation_id=organisation_id(of), line=of.key)
    try:
        with session().begin_nested():
            session().add(LineRow(organisation_id=organisation_id(of), line=of.key))
    except IntegrityError:
        pass
    return session().exec(query).one()


def decide(key: str, stand: str, capacity: int | None) -> None:
    """Staff open or close a line above its hours, or let it follow them again, with another capacity or the usual one."""
    decided = row(line(key), lock=True)
    decided.stand, decided.capacity = stand, capacity
    decided.changed_at, decided.changed_by = clock.now(), actor().id
    session().flush()


def taken(of: LineSettings) -> int:
    """How many places are taken: those who wait, and those who are filling in and paying."""
    unfinished = and_(col(ServiceRequest.status) == "draft", col(ServiceRequest.lapses_at) > clock.now())
    query = select(func.count()).where(
        ServiceRequest.plugin == DOMAIN, ServiceRequest.service_key == of.key, or_(col(ServiceRequest.status) == "active", unfinished)
    )
    with across_organisations("how many wait is told to everybody, without who"):
        return session().exec(query).one()


def waiting(of: LineSettings) -> list[Waiting]:
    """Everybody who waits in a line, in their order."""
    query = select(ServiceRequest).where(ServiceRequest.plugin == DOMAIN, ServiceRequest.service_key == of.key, ServiceRequest.status == "active")
    with across_organisations("the order of a queue is made of all who wait"):
        found = session().exec(query).all()
    places = [Waiting(r.encounter_id, r.active_at, r.priority) for r in found if r.active_at]
    return order.in_order(places, timedelta(minutes=settings().head_start_minutes))


def state(of: LineSettings) -> State:
    """How a line stands now."""
    decided, now = row(of), clock.now()
    spans = hours.spans(of.hours, of.zone, now, _closed_days(of))
    inside = spans[0] if spans and spans[0].start <= now else None
    following = next((span.start for span in spans if span.start > now), None)
    there = duty.on_duty(of)
    ahead, capacity = taken(of), decided.capacity if decided.capacity is not None else of.capacity
    by_hours = decided.stand == "hours"
    word = _word(decided.stand, inside, full=ahead >= capacity, staffed=bool(there))
    wait = order.minutes_to_wait(ahead, len(there), duty.busy(there), of.minutes)
    return State(of, word, _closing(inside, now) if by_hours else None, following if by_hours else None, ahead, capacity, len(there), wait)


def _word(stand: str, inside: Period | None, *, full: bool, staffed: bool) -> str:
    if stand == "closed":
        return PAUSED
    if stand == "hours" and inside is None:
        return CLOSED
    if not staffed:
        return UNSTAFFED
    return FULL if full else OPEN


def _closing(inside: Period | None, now: datetime) -> datetime | None:
    """When it closes; nothing for what is open day and night."""
    return inside.end if inside and inside.end < now + timedelta(days=hours.AHEAD - 1) else None


def _closed_days(of: LineSettings) -> set[date]:
    if not of.closed_on_holidays:
        return set()
    this_year = clock.today(of.zone).year
    return {day for year in (this_year, this_year + 1) for day in countries.holidays(of.territory, "", year)}


def offered() -> Sequence[LineSettings]:
    """The lines in the deployment's order; without those whose organisation does not exist."""
    known = set(session().exec(select(Organisation.slug)).all())
    return [one for one in settings().lines if one.organisation in known]


def states() -> Sequence[State]:
    """Every line as it stands now."""
    return [state(one) for one in offered()]


def refusal(of: State) -> Refused | None:
    """Why no place can be taken now; `None` when one can."""
    return None if of.open else Refused(of.word, REFUSALS[of.word])


REFUSALS = {
    CLOSED: say("It is closed at the moment."),
    PAUSED: say("It is closed at the moment."),
    FULL: say("Every place is taken at the moment."),
    UNSTAFFED: say("Nobody is on duty at the moment."),
}


def is_place(encounter_id: str) -> bool:
    """Whether an encounter began as a place in the queue."""
    query = select(ServiceRequest.id).where(ServiceRequest.encounter_id == encounter_id, ServiceRequest.plugin == DOMAIN)
    return session().exec(query).first() is not None


def longest_wait(of: LineSettings) -> int:
    """For how many minutes the one who came first has waited; 0 when nobody waits."""
    now = clock.now()
    return max((int((now - place.since).total_seconds() // 60) for place in waiting(of)), default=0)
