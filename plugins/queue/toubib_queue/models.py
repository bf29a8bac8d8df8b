"""The plugin's tables. Places are the core's requests; here stands only what staff decided, who is on duty, and who was alerted."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from toubib.db import Table, instant

TABLES: tuple[str, ...] = ("queue_line", "queue_duty", "queue_alert")


class LineRow(Table, table=True):
    """What staff decided of a line: `hours` follows its opening hours, `open` and `closed` stand above them; another capacity or none."""

    __tablename__ = "queue_line"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    line: str = Field(unique=True)
    stand: str = "hours"
    capacity: int | None = None
    changed_at: datetime = instant(default_now=True)
    changed_by: str = ""


class DutyRow(Table, table=True):
    """A practitioner takes patients from the queue until then."""

    __tablename__ = "queue_duty"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    practitioner_role_id: str = Field(foreign_key="practitioner_role.id", unique=True)
    since: datetime = instant(default_now=True)
    until: datetime = instant()


class AlertRow(Table, table=True):
    """Staff were told once that a line is `full`, or that somebody waits longer than `threshold` minutes. Open until it is over."""

    __tablename__ = "queue_alert"
    __table_args__ = (
        Index(
            "uq_queue_alert_open",
            "line",
            "kind",
            "threshold",
            unique=True,
            sqlite_where=text("cleared_at IS NULL"),
            postgresql_where=text("cleared_at IS NULL"),
        ),
    )
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    line: str
    kind: str
    threshold: int = 0
    raised_at: datetime = instant(default_now=True)
    cleared_at: datetime | None = instant(optional=True)
