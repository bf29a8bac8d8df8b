"""Questions, chosen files, drafts, legal bases, and answers sent on to a treating doctor."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from toubib.db import Sealed, UTCDateTime

revision = "advice_0001"
down_revision = None
branch_labels = ("advice",)
depends_on = None

TABLES = ("advice_question", "advice_file", "advice_draft", "advice_basis", "advice_forward")


def upgrade() -> None:
    _of_encounter(
        "advice_question",
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("answer_minutes", sa.Integer(), nullable=False),
        sa.Column("cap_minutes", sa.Integer(), nullable=False),
        sa.Column("pseudonym", sa.String(), nullable=False),
        sa.Column("body", Sealed(), nullable=True),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("patient_follows", sa.Boolean(), nullable=False),
        sa.Column("practitioner_follows", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("encounter_id", name=op.f("uq_advice_question_encounter_id")),
    )
    _of_encounter("advice_file", sa.Column("blob", sa.String(), nullable=False), sa.Column("filename", sa.String(), nullable=False), index=True)
    _of_encounter(
        "advice_draft",
        sa.Column("practitioner_role_id", sa.String(), nullable=False),
        sa.Column("body", Sealed(), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["practitioner_role_id"], ["practitioner_role.id"], name=op.f("fk_advice_draft_practitioner_role_id")),
        sa.UniqueConstraint("encounter_id", "practitioner_role_id", name=op.f("uq_advice_draft_encounter_id_practitioner_role_id")),
        index=True,
    )
    op.create_index(op.f("ix_advice_draft_practitioner_role_id"), "advice_draft", ["practitioner_role_id"], unique=False)
    _basis()
    _of_encounter(
        "advice_forward",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("doctor", Sealed(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=True),
        sa.UniqueConstraint("token_hash", name=op.f("uq_advice_forward_token_hash")),
        index=True,
    )


def _of_encounter(table: str, *columns: Any, index: bool = False) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f(f"fk_{table}_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f(f"fk_{table}_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_organisation_id"), table, ["organisation_id"], unique=False)
    if index:
        op.create_index(op.f(f"ix_{table}_encounter_id"), table, ["encounter_id"], unique=False)


def _basis() -> None:
    op.create_table(
        "advice_basis",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advice_basis")),
    )
    op.create_index(op.f("ix_advice_basis_mode"), "advice_basis", ["mode"], unique=False)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
