"""What staff decided of lines, who is on duty, and which alerts were raised."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from toubib.db import UTCDateTime

revision = "queue_0001"
down_revision = None
branch_labels = ("queue",)
depends_on = None

TABLES = ("queue_line", "queue_duty", "queue_alert")
OPEN = sa.text("cleared_at IS NULL")


def upgrade() -> None:
    _create(
        "queue_line",
        *_text("line", "stand", "changed_by"),
        sa.Column("capacity", sa.Integer(), nullable=True),
        _at("changed_at"),
        sa.UniqueConstraint("line", name=op.f("uq_queue_line_line")),
    )
    _create(
        "queue_duty",
        _to("queue_duty", "practitioner_role_id", "practitioner_role"),
        _at("since"),
        _at("until"),
        sa.UniqueConstraint("practitioner_role_id", name=op.f("uq_queue_duty_practitioner_role_id")),
    )
    _create(
        "queue_alert",
        *_text("line", "kind"),
        sa.Column("threshold", sa.Integer(), nullable=False),
        _at("raised_at"),
        _at("cleared_at", nullable=True),
    )
    op.create_index("uq_queue_alert_open", "queue_alert", ["line", "kind", "threshold"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    for table in TABLES:
        op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _to(table: str, name: str, target: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), sa.ForeignKey(f"{target}.id", name=op.f(f"fk_{table}_{name}")), nullable=False)


def _create(table: str, *columns: Any) -> None:
    op.create_table(table, sa.Column("id", sa.String(length=64), primary_key=True), _to(table, "organisation_id", "organisation"), *columns)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UTCDateTime(), nullable=nullable)
