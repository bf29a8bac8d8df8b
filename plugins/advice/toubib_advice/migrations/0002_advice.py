"""Practitioners who want no mails of questions that have little time."""

import sqlalchemy as sa
from alembic import op

from toubib.db import UTCDateTime

revision = "advice_0002"
down_revision = "advice_0001"
branch_labels = None
depends_on = None
TABLE = "advice_quiet"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("organisation_id", sa.String(), sa.ForeignKey("organisation.id", name=op.f(f"fk_{TABLE}_organisation_id")), nullable=False),
        sa.Column("practitioner_role_id", sa.String(), sa.ForeignKey("practitioner_role.id", name=op.f(f"fk_{TABLE}_practitioner_role_id")), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.UniqueConstraint("practitioner_role_id", name=op.f(f"uq_{TABLE}_practitioner_role_id")),
    )
    op.create_index(op.f(f"ix_{TABLE}_organisation_id"), TABLE, ["organisation_id"])


def downgrade() -> None:
    op.drop_table(TABLE)
