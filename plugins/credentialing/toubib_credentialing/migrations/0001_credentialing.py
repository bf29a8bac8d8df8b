"""Applications, their documents, questions to reviewers and their votes, and announced ends."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from toubib.db import UTCDateTime

revision = "credentialing_0001"
down_revision = None
branch_labels = ("credentialing",)
depends_on = None

TABLES = (
    "credentialing_application",
    "credentialing_credential",
    "credentialing_question",
    "credentialing_vote",
    "credentialing_announcement",
)
LIVE = sa.text("state IN ('submitted', 'accepted', 'suspended')")


def upgrade() -> None:
    _applications()
    _credentials()
    _questions()
    for table in TABLES:
        op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _to(table: str, name: str, target: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), sa.ForeignKey(f"{target}.id", name=op.f(f"fk_{table}_{name}")), nullable=nullable)


def _create(table: str, *columns: Any) -> None:
    op.create_table(table, sa.Column("id", sa.String(length=64), primary_key=True), _to(table, "organisation_id", "organisation"), *columns)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UTCDateTime(), nullable=nullable)


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _applications() -> None:
    table = "credentialing_application"
    _create(
        table,
        _to(table, "person_id", "person"),
        *_text("state", "display_name", "title", "profession", "specialty", "registry_key", "registry_number", "locale"),
        sa.Column("languages", sa.JSON(), nullable=False),
        _at("submitted_at"),
        _at("closed_at", nullable=True),
        _check(table, "state", "state IN ('submitted', 'accepted', 'refused', 'withdrawn', 'suspended')"),
    )
    op.create_index("uq_credentialing_application_live", table, ["person_id"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE)
    for column in ("person_id", "registry_number"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _credentials() -> None:
    table = "credentialing_credential"
    _create(
        table,
        _to(table, "application_id", "credentialing_application"),
        _to(table, "document_id", "document"),
        *_text("kind", "state"),
        sa.Column("expires_on", sa.Date(), nullable=True),
        _at("added_at"),
        _check(table, "state", "state IN ('submitted', 'accepted', 'refused')"),
    )
    op.create_index(f"ix_{table}_application_id", table, ["application_id"])


def _questions() -> None:
    table = "credentialing_question"
    _create(
        table,
        _to(table, "application_id", "credentialing_application"),
        _to(table, "credential_id", "credentialing_credential", nullable=True),
        *_text("kind", "outcome"),
        _at("opened_at"),
        _at("decided_at", nullable=True),
        _check(table, "kind", "kind IN ('application', 'renewal', 'reinstatement')"),
    )
    op.create_index(f"ix_{table}_application_id", table, ["application_id"])
    table = "credentialing_vote"
    _create(
        table,
        _to(table, "question_id", "credentialing_question"),
        _to(table, "reviewer_id", "person"),
        sa.Column("accept", sa.Boolean(), nullable=False),
        *_text("reason"),
        _at("at"),
        sa.UniqueConstraint("question_id", "reviewer_id", name=op.f(f"uq_{table}_question_id_reviewer_id")),
    )
    for column in ("question_id", "reviewer_id"):
        op.create_index(f"ix_{table}_{column}", table, [column])
    table = "credentialing_announcement"
    _create(
        table,
        _to(table, "application_id", "credentialing_application"),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        _at("at"),
        sa.UniqueConstraint("application_id", "ends_on", "days", name=op.f(f"uq_{table}_application_id_ends_on_days")),
    )
    op.create_index(f"ix_{table}_application_id", table, ["application_id"])
