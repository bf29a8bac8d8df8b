"""The table of seals."""

import sqlalchemy as sa
from alembic import op

revision = "eprescription_email_0001"
down_revision = None
branch_labels = ("eprescription_email",)
depends_on = None

TABLE = "eprescription_email_seal"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("key", sa.LargeBinary),
        sa.Column("certificate", sa.String, nullable=False),
        sa.Column("authority", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("number", name=f"uq_{TABLE}_number"),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
