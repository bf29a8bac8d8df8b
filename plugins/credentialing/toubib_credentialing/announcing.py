"""Announcing ends ahead: a job that tells practitioner and reviewers, once for each threshold. It decides nothing: the clock does."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import select

from toubib.contracts.jobs import Payload
from toubib.db import database, session
from toubib.db.tables.directory import Organisation
from toubib.seams import clock
from toubib_credentialing import applications, house, notices
from toubib_credentialing.models import Announcement, Application

log = structlog.get_logger("toubib.credentialing")


def announce(_payload: Payload) -> None:
    """Job: announce what ends soon, and what has ended."""
    with database().reading() as reading:
        ids = reading.exec(select(Application.id).where(Application.state == "accepted")).all()
    for application_id in ids:
        try:
            with database().unit_of_work():
                _announce(applications.locked(application_id))
        except Exception:
            # one application must not keep the others' ends quiet; it is tried again at the next look
            log.exception("an end could not be announced", application=application_id)


def _announce(row: Application) -> None:
    last = applications.ends_on(row.id)
    if row.state != "accepted" or last is None:
        return
    organisation = session().get_one(Organisation, row.organisation_id)
    left = (last - clock.now().astimezone(ZoneInfo(organisation.zone)).date()).days
    days = threshold(left, house.settings().announce_days)
    if days is None or _told(row.id, last, days):
        return
    session().add(Announcement(organisation_id=row.organisation_id, application_id=row.id, ends_on=last, days=days))
    session().flush()
    _tell(row, last, ended=left < 0)


def threshold(left: int, days: Sequence[int]) -> int | None:
    """The nearest threshold that `left` days have reached; 0 once the last day is over, `None` while none is."""
    return 0 if left < 0 else min((d for d in days if left <= d), default=None)


def _told(application_id: str, last: date, days: int) -> bool:
    """Whether this threshold, or a nearer one, was announced for this end."""
    query = select(Announcement.id).where(Announcement.application_id == application_id, Announcement.ends_on == last, Announcement.days <= days)
    return session().exec(query).first() is not None


def _tell(row: Application, last: date, *, ended: bool) -> None:
    name, key = ("ended" if ended else "ending"), f"end:{row.id}:{last.isoformat()}:{clock.now().isoformat()}"
    notices.to_applicant(row, name, key=key, day=last)
    notices.to_reviewers(row, f"{name}_for_reviewers", key=key, link=notices.VISITS if ended else notices.REVIEW, day=last)
