"""Money that arrived from sponsors, and which practices it belongs to."""

import sqlalchemy as sa
from alembic import op

from toubib.db import UTCDateTime

revision = "sponsor_0002"
down_revision = "sponsor_0001"
branch_labels = None
depends_on = None
STANDS = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    _receipts()
    _parts()


def downgrade() -> None:
    for table in ("sponsor_receipt_part", "sponsor_receipt"):
        op.drop_table(table)


def _receipts() -> None:
    op.create_table(
        "sponsor_receipt",
        sa.Column("id", sa.String(length=64), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("plan", "month", "currency", "reference", "recorded_by", "withdrawn_by")),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_sponsor_receipt_amount")),
    )
    columns = ["plan", "month", "reference"]
    op.create_index("uq_sponsor_receipt_reference", "sponsor_receipt", columns, unique=True, sqlite_where=STANDS, postgresql_where=STANDS)


def _parts() -> None:
    table = "sponsor_receipt_part"
    op.create_table(
        table,
        sa.Column("id", sa.String(length=64), primary_key=True),
        sa.Column("organisation_id", sa.String(), sa.ForeignKey("organisation.id", name=op.f(f"fk_{table}_organisation_id")), nullable=False),
        sa.Column("receipt_id", sa.String(), sa.ForeignKey("sponsor_receipt.id", name=op.f(f"fk_{table}_receipt_id")), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.UniqueConstraint("receipt_id", "organisation_id", name=op.f(f"uq_{table}_receipt_id_organisation_id")),
        sa.CheckConstraint("amount_minor > 0", name=op.f(f"ck_{table}_amount")),
    )
    for column in ("organisation_id", "receipt_id"):
        op.create_index(f"ix_{table}_{column}", table, [column])
