"""Codes of members, entitlements of encounters, and the rows that are locked while limits are counted."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from toubib.db import Sealed, UTCDateTime

revision = "sponsor_0001"
down_revision = None
branch_labels = ("sponsor",)
depends_on = None


def upgrade() -> None:
    _members()
    _entitlements()
    table = "sponsor_account"
    _create(table, *_texts("plan", "code_index"), sa.Column("year", sa.Integer(), nullable=False), _unique(table, "plan", "code_index", "year"))


def downgrade() -> None:
    for table in ("sponsor_account", "sponsor_entitlement", "sponsor_member"):
        op.drop_table(table)


def _members() -> None:
    table = "sponsor_member"
    _create(
        table,
        _to(table, "organisation_id", "organisation"),
        *_texts("plan", "code_index"),
        sa.Column("code", Sealed(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        _unique(table, "plan", "code_index"),
    )
    op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])


def _entitlements() -> None:
    table = "sponsor_entitlement"
    _create(
        table,
        _to(table, "organisation_id", "organisation"),
        _to(table, "encounter_id", "encounter"),
        *_texts("plan", "code_index", "reference", "state", "kind", "currency"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("year", "amount_minor")),
        sa.Column("care_on", sa.Date(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        _unique(table, "encounter_id"),
        _unique(table, "reference"),
        _check(table, "state", "state IN ('asked', 'entitled', 'refused', 'reserved', 'consumed')"),
        _check(table, "amount", "amount_minor >= 0"),
    )
    for column in ("organisation_id", "plan", "code_index", "settled_at"):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _create(table: str, *columns: Any) -> None:
    op.create_table(table, sa.Column("id", sa.String(length=64), primary_key=True), *columns)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _to(table: str, name: str, target: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), sa.ForeignKey(f"{target}.id", name=op.f(f"fk_{table}_{name}")), nullable=False)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))
