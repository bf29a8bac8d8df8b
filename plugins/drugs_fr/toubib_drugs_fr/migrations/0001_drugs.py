"""Editions, specialities and their words."""

import sqlalchemy as sa
from alembic import op

revision = "drugs_fr_0001"
down_revision = None
branch_labels = ("drugs_fr",)
depends_on = None

folded = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "drugs_fr_edition",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("published_on", sa.Date, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("specialities", sa.Integer, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drugs_fr_edition"),
        sa.UniqueConstraint("number", name="uq_drugs_fr_edition_number"),
    )
    current = sa.text("state = 'current'")
    op.create_index("uq_drugs_fr_edition_current", "drugs_fr_edition", ["state"], unique=True, sqlite_where=current, postgresql_where=current)
    op.create_table(
        "drugs_fr_speciality",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("form", sa.String, nullable=False),
        sa.Column("route", sa.String, nullable=False),
        sa.Column("substances", sa.JSON, nullable=False),
        sa.Column("classes", sa.JSON, nullable=False),
        sa.Column("prescribable", sa.Boolean, nullable=False),
        sa.Column("folded", folded, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drugs_fr_speciality"),
        sa.UniqueConstraint("edition", "position", name="uq_drugs_fr_speciality_edition_position"),
        sa.UniqueConstraint("edition", "code", name="uq_drugs_fr_speciality_edition_code"),
    )
    op.create_index("ix_drugs_fr_speciality_edition_folded", "drugs_fr_speciality", ["edition", "folded"])
    op.create_table(
        "drugs_fr_word",
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("word", folded, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("edition", "word", "position", name="pk_drugs_fr_word"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_drugs_fr_word_edition_position_word", "drugs_fr_word", ["edition", "position", "word"])


def downgrade() -> None:
    for table in ("drugs_fr_word", "drugs_fr_speciality", "drugs_fr_edition"):
        op.drop_table(table)
