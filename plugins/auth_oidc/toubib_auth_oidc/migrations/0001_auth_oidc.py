"""Sign-ins under way, and the tokens of open sessions."""

import sqlalchemy as sa
from alembic import op

from toubib.db import Sealed, UTCDateTime

revision = "auth_oidc_0001"
down_revision = None
branch_labels = ("auth_oidc",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auth_oidc_attempt",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("binding_hash", sa.String(), nullable=False),
        sa.Column("secrets", Sealed(), nullable=True),
        sa.Column("vouched", Sealed(), nullable=True),
        sa.Column("return_to", sa.String(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_auth_oidc_attempt"),
        sa.UniqueConstraint("state_hash", name="uq_auth_oidc_attempt_state_hash"),
    )
    op.create_index("ix_auth_oidc_attempt_expires_at", "auth_oidc_attempt", ["expires_at"])
    op.create_table(
        "auth_oidc_grant",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("subject_hash", sa.String(), nullable=False),
        sa.Column("sid_hash", sa.String(), nullable=False),
        sa.Column("tokens", Sealed(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_auth_oidc_grant"),
        sa.ForeignKeyConstraint(["session_id"], ["auth_session.id"], name="fk_auth_oidc_grant_session_id"),
        sa.UniqueConstraint("session_id", name="uq_auth_oidc_grant_session_id"),
    )
    op.create_index("ix_auth_oidc_grant_subject_hash", "auth_oidc_grant", ["subject_hash"])
    op.create_index("ix_auth_oidc_grant_sid_hash", "auth_oidc_grant", ["sid_hash"])


def downgrade() -> None:
    op.drop_table("auth_oidc_grant")
    op.drop_table("auth_oidc_attempt")
