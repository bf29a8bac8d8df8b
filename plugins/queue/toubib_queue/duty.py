"""Who takes patients from the queue now."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, select

from toubib.contracts.common import Period
from toubib.db import session
from toubib.seams import clock
from toubib.services import agenda, directory, requests
from toubib.services.directory import RoleCard
from toubib.services.requests import Need
from toubib_queue.models import DutyRow
from toubib_queue.settings import LineSettings

A_MOMENT = timedelta(seconds=1)


def of(role_id: str) -> DutyRow | None:
    """The duty of a role that has not ended; `None` when they are off duty."""
    query = select(DutyRow).where(DutyRow.practitioner_role_id == role_id, col(DutyRow.until) > clock.now())
    return session().exec(query).first()


def begin(role_id: str, hours: int) -> None:
    """Be on duty for so many hours from now; doing it again begins anew."""
    now, card = clock.now(), directory.role(role_id)
    row = session().exec(select(DutyRow).where(DutyRow.practitioner_role_id == role_id)).first()
    row = row or DutyRow(organisation_id=card.organisation_id, practitioner_role_id=role_id, until=now)
    row.since, row.until = now, now + timedelta(hours=hours)
    session().add(row)
    session().flush()


def end(role_id: str) -> None:
    """Be off duty from now on; whoever was taken already stays taken."""
    if row := of(role_id):
        row.until = clock.now()
        session().flush()


def on_duty(line: LineSettings) -> list[RoleCard]:
    """Everybody on duty who may see patients of this line at all: their organisation, profession, specialty and territory fit."""
    ids = session().exec(select(DutyRow.practitioner_role_id).where(col(DutyRow.until) > clock.now())).all()
    able = [card for card in directory.roles(ids).values() if directory.receives(card.id)]
    return [card for card in able if card.organisation_slug == line.organisation and fits(card, Need(line.profession, line.specialty, line.territory))]


def fits(card: RoleCard, need: Need) -> bool:
    """Whether a practitioner may treat somebody with this need: the same rule as `requests.takeable`, for one who asked for nothing yet."""
    ages = str(card.attributes.get("age_groups", "")).split()
    return (
        need.profession in ("", card.profession)
        and need.specialty in ("", card.specialty)
        and need.language in ("", *card.languages)
        and (not ages or need.age_group in ("", *ages))
        and (not need.territory or need.territory in requests.territories(card.practitioner_id, directory.organisation(card.organisation_id).country))
    )


def busy(cards: Sequence[RoleCard]) -> int:
    """How many of them have a visit in this minute, booked or from the queue."""
    now = clock.now()
    taken = agenda.busy([card.practitioner_id for card in cards], Period(now, now + A_MOMENT))
    return sum(1 for spans in taken.values() if spans)
