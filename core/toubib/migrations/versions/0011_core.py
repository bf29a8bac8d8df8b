"""Credit notes: the paper of earned money that was given up, numbered as invoices are."""

import sqlalchemy as sa
from alembic import op

from toubib.db.types import UTCDateTime

revision = "core_0011"
down_revision = "core_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "credit_note",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("invoice_id", sa.String(), nullable=False),
        sa.Column("transfer_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("issued_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_credit_note_invoice_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_credit_note_organisation_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["ledger_transfer.id"], name=op.f("fk_credit_note_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_credit_note_organisation_id_number")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_credit_note_transfer_id")),
    )
    op.create_index(op.f("ix_credit_note_invoice_id"), "credit_note", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_credit_note_organisation_id"), "credit_note", ["organisation_id"], unique=False)


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")
