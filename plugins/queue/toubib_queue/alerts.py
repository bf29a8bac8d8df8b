"""Telling staff, exactly once for each time it happens, that a line is full or that somebody waits too long.

An open alert is a row that the database lets exist only once for a line, a kind and a threshold. Whoever writes it writes the mails in
the same unit of work; whoever comes second, in this process or another, finds it there and writes nothing.
"""

from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from toubib import i18n, runtime
from toubib.db import session
from toubib.seams import clock
from toubib.services import notices
from toubib_queue import lines
from toubib_queue.models import AlertRow
from toubib_queue.settings import LineSettings

WAIT, FULL = "wait", "full"
PAGE = "/queue/board"


def check(line: LineSettings) -> None:
    """Raise what has begun in a line, and close what is over. Joins the unit of work."""
    check_full(line)
    places, now = lines.waiting(line), clock.now()
    longest = max((now - place.since for place in places), default=timedelta(0))
    for minutes in lines.settings().alert_after_minutes:
        _tell(line, WAIT, minutes, since=longest >= timedelta(minutes=minutes))


def check_full(line: LineSettings) -> None:
    """Raise or close the alert that every place is taken."""
    decided = lines.row(line)
    capacity = decided.capacity if decided.capacity is not None else line.capacity
    _tell(line, FULL, 0, since=lines.taken(line) >= capacity)


def _tell(line: LineSettings, kind: str, threshold: int, *, since: bool) -> None:
    query = select(AlertRow).where(AlertRow.line == line.key, AlertRow.kind == kind, AlertRow.threshold == threshold)
    raised = session().exec(query.where(col(AlertRow.cleared_at).is_(None))).first()
    if since and raised is None:
        _raise(line, kind, threshold)
    elif not since and raised is not None and raised.raised_at <= clock.now() - timedelta(minutes=lines.settings().alert_rest_minutes):
        raised.cleared_at = clock.now()
        session().flush()


def _raise(line: LineSettings, kind: str, threshold: int) -> None:
    alert = AlertRow(organisation_id=lines.organisation_id(line), line=line.key, kind=kind, threshold=threshold)
    session().flush()
    try:
        with session().begin_nested():
            session().add(alert)
    except IntegrityError:
        return
    locale = runtime.current().settings.site.default_language
    for number, address in enumerate(lines.settings().alert_mails):
        notices.queue(
            f"queue.alert_{kind}",
            address,
            locale=locale,
            params={"line": i18n.localised(line.title, locale), "minutes": str(threshold)},
            link=PAGE,
            organisation_id=alert.organisation_id,
            key=f"queue.alert:{alert.id}:{number}",
        )
