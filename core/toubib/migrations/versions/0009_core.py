"""Care by several: an encounter may be part of another, with a performer and a claim of its own."""

from alembic import op

revision = "core_0009"
down_revision = "core_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let an encounter name the one it is part of."""
    # both databases take the reference in this form; SQLite would have to copy the whole table for any other
    op.execute("ALTER TABLE encounter ADD COLUMN part_of_id VARCHAR CONSTRAINT fk_encounter_part_of_id REFERENCES encounter (id)")
    op.create_index(op.f("ix_encounter_part_of_id"), "encounter", ["part_of_id"], unique=False)


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")
