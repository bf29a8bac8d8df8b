"""What waits for the sealer, how providers answer, and no emptying of tables that keep history."""

import sqlalchemy as sa
from alembic import op

from toubib.db import guards
from toubib.db.types import UTCDateTime

revision = "core_0008"
down_revision = "core_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and the guards."""
    op.create_table(
        "audit_pending",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_pending")),
    )
    op.create_table(
        "provider_state",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", UTCDateTime(), nullable=True),
        sa.Column("last_ms", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("failed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_state")),
        sa.UniqueConstraint("name", name=op.f("uq_provider_state_name")),
    )
    guards.install_pending(op.get_bind())
    guards.refuse_truncation(op.get_bind())


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")
