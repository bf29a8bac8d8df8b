"""Numbers of papers: without a gap, per organisation and year by its own clock."""

from typing import TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import col, select

from toubib.db import session
from toubib.db.tables.directory import Organisation
from toubib.db.tables.money import CreditNote, Invoice
from toubib.seams import clock

DIGITS = 6
Numbered: TypeAlias = type[Invoice] | type[CreditNote]


def next_number(series: Numbered, organisation_id: str, prefix: str = "") -> str:
    """The next number of an organisation in its own year, as in `2026-000042`; its numbering stays locked until the commit.

    A number that is taken and rolled back is taken again by the next, so there are no gaps. `prefix` tells series apart.
    """
    locked = select(Organisation).where(Organisation.id == organisation_id).with_for_update(key_share=True)
    organisation = session().exec(locked.execution_options(populate_existing=True)).one()
    start = f"{prefix}{clock.now().astimezone(ZoneInfo(organisation.zone)).year}-"
    last = session().exec(
        select(func.max(series.number)).where(series.organisation_id == organisation_id, col(series.number).startswith(start))
    ).one()
    return f"{start}{int(last.removeprefix(start)) + 1 if last else 1:0{DIGITS}d}"
