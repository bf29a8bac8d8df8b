"""Payees: who gets a share of what is earned and has no account here."""

import sqlalchemy as sa
from alembic import op

from toubib.db.types import UTCDateTime

revision = "core_0007"
down_revision = "core_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of payees."""
    op.create_table(
        "payee",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("registry_key", sa.String(), nullable=False),
        sa.Column("registry_number", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_payee_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee")),
        sa.UniqueConstraint(
            "organisation_id", "registry_key", "registry_number", name=op.f("uq_payee_organisation_id_registry_key_registry_number")
        ),
    )
    op.create_index(op.f("ix_payee_organisation_id"), "payee", ["organisation_id"], unique=False)


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")
