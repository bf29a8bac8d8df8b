"""Telling practitioners of a question that has little time: by mail, once for each question and practitioner, never a word of what it is.

Told is whoever may take it at that moment (organisation, profession, specialty, language, licence, standing), unless they switched the
mails off. After a question came back, only those are told who were not told before.
"""

from datetime import timedelta

from sqlmodel import select

from toubib.contracts.events import Event
from toubib.db import database, session
from toubib.db.tables.requests import ServiceRequest
from toubib.services import directory, requests, standing
from toubib.services.directory import RoleCard
from toubib_advice import notices
from toubib_advice.models import Quiet
from toubib_advice.settings import current
from toubib_advice.texts import DOMAIN


def tell(event: Event) -> None:
    """Observer of a question that practitioners may take from now on, or again. Run twice, at once or after a death, it tells once."""
    with database().unit_of_work():
        if (row := requests.of(event.subject.id)) is None or row.plugin != DOMAIN:
            return
        row = requests.locked(row.encounter_id)
        if row.status == "active" and _pressing(row):
            for card in _able(row):
                notices.pressing(row, card)


def _pressing(row: ServiceRequest) -> bool:
    """Whether nobody can wait until they look at the list by themselves: an urgent question, or one that was promised soon."""
    soon = row.due_at is not None and row.active_at is not None and row.due_at - row.active_at <= timedelta(minutes=current().alert_minutes)
    return soon or row.priority > 0


def _able(row: ServiceRequest) -> list[RoleCard]:
    offered = select(ServiceRequest.id).where(ServiceRequest.id == row.id)
    return [
        card
        for card in directory.pool(row.organisation_id, row.profession, row.specialty)
        if not quiet(card.id) and standing.refusal(card.id, standing.ANSWER) is None and session().exec(offered.where(requests.takeable([card.id]))).first()
    ]


def quiet(role_id: str) -> bool:
    """Whether somebody switched the mails off."""
    return _choice(role_id) is not None


def switch(role_id: str, *, wanted: bool) -> None:
    """Switch the mails of a role on or off; doing it again changes nothing."""
    row = _choice(role_id)
    if wanted and row is not None:
        session().delete(row)
    elif not wanted and row is None:
        session().add(Quiet(organisation_id=directory.role(role_id).organisation_id, practitioner_role_id=role_id))
    session().flush()


def _choice(role_id: str) -> Quiet | None:
    return session().exec(select(Quiet).where(Quiet.practitioner_role_id == role_id)).first()
