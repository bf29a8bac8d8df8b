"""Identities at other houses: who vouches for an account, for how long, and which roles hang on it."""

import sqlalchemy as sa
from alembic import op

from toubib.db.types import Sealed, UTCDateTime

revision = "core_0004"
down_revision = "core_0003"
branch_labels = None
depends_on = None

OWED = ("auth_session", "role_assignment", "delegation")
"""Tables whose rows may rest on an external identity."""


def upgrade() -> None:
    """Create the table of external identities, and let sessions, roles and delegations rest on one."""
    op.create_table(
        "external_identity",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", Sealed(), nullable=True),
        sa.Column("subject_index", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("vouched_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_external_identity_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identity")),
        sa.UniqueConstraint("issuer", "subject_index", name=op.f("uq_external_identity_issuer_subject_index")),
        sa.UniqueConstraint("issuer", "account_id", name=op.f("uq_external_identity_issuer_account_id")),
    )
    op.create_index(op.f("ix_external_identity_account_id"), "external_identity", ["account_id"], unique=False)
    for table in OWED:
        # both databases take the reference in this form; SQLite would have to copy the whole table for any other
        constraint = f"CONSTRAINT fk_{table}_external_identity_id REFERENCES external_identity (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN external_identity_id VARCHAR {constraint}")
        op.create_index(op.f(f"ix_{table}_external_identity_id"), table, ["external_identity_id"], unique=False)
    op.add_column("auth_session", sa.Column("vouched_at", UTCDateTime(), nullable=True))
    op.add_column("auth_session", sa.Column("vouched_until", UTCDateTime(), nullable=True))


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")
