"""Export of all that is held on a person, and when they asked to be forgotten."""

import sqlalchemy as sa
from alembic import op

from toubib.db.types import UTCDateTime

revision = "core_0010"
down_revision = "core_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and the column."""
    op.create_table(
        "person_export",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_export_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_export")),
    )
    op.create_index(op.f("ix_person_export_person_id"), "person_export", ["person_id"], unique=False)
    op.add_column("person", sa.Column("erase_asked_at", UTCDateTime(), nullable=True))
    op.create_index(op.f("ix_person_erase_asked_at"), "person", ["erase_asked_at"], unique=False)


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")
