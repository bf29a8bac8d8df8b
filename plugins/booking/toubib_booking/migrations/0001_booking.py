"""Schedules, openings, breaks, exceptions and visit reasons."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from toubib.db import UTCDateTime

revision = "booking_0001"
down_revision = None
branch_labels = ("booking",)
depends_on = None

TABLES = ("booking_schedule", "booking_opening", "booking_break", "booking_exception", "booking_service")


def upgrade() -> None:
    _of_role(
        "booking_schedule",
        sa.Column("practitioner_id", sa.String(), sa.ForeignKey("practitioner.id", name="fk_booking_schedule_practitioner_id"), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("open_on_holidays", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.UniqueConstraint("practitioner_role_id", name=op.f("uq_booking_schedule_practitioner_role_id")),
    )
    op.create_index("ix_booking_schedule_practitioner_id", "booking_schedule", ["practitioner_id"])
    _hours("booking_opening", sa.Column("modalities", sa.JSON(), nullable=False), sa.Column("every", sa.Integer(), nullable=False), _every("booking_opening"))
    _hours("booking_break")
    _exceptions()
    _services()
    for table in TABLES:
        op.create_index(f"ix_{table}_organisation_id", table, ["organisation_id"])
        if table != "booking_schedule":
            op.create_index(f"ix_{table}_practitioner_role_id", table, ["practitioner_role_id"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _exceptions() -> None:
    _of_role(
        "booking_exception",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("modalities", sa.JSON(), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        _check("booking_exception", "kind", "kind IN ('absence', 'extra')"),
        _check("booking_exception", "order", "starts_at < ends_at"),
        _every("booking_exception"),
    )
    op.create_index("ix_booking_exception_starts_at", "booking_exception", ["starts_at"])


def _services() -> None:
    table = "booking_service"
    numbers = ("minutes", "price_minor", "buffer_before", "buffer_after", "notice_minutes", "horizon_days", "cancel_until_minutes", "position")
    _of_role(
        table,
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("name", "act_codes")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("modality", "currency")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in numbers),
        sa.Column("no_show_fee_minor", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("new_patients", "known_patients", "active")),
        _check(table, "minutes", "minutes BETWEEN 5 AND 720 AND minutes % 5 = 0"),
        _check(table, "buffer_before", "buffer_before BETWEEN 0 AND 120 AND buffer_before % 5 = 0"),
        _check(table, "buffer_after", "buffer_after BETWEEN 0 AND 120 AND buffer_after % 5 = 0"),
        _check(table, "money", "price_minor >= 0 AND (no_show_fee_minor IS NULL OR no_show_fee_minor >= 0)"),
        _check(table, "limits", "notice_minutes >= 0 AND cancel_until_minutes >= 0 AND horizon_days BETWEEN 1 AND 730"),
    )


def _hours(table: str, *more: sa.Column[Any] | sa.CheckConstraint) -> None:
    _of_role(
        table,
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("weekday", "start_minute", "end_minute")),
        *(sa.Column(name, sa.Date(), nullable=True) for name in ("valid_from", "valid_to")),
        *more,
        _check(table, "weekday", "weekday BETWEEN 0 AND 6"),
        _check(table, "order", "start_minute >= 0 AND start_minute < end_minute AND end_minute <= 1440"),
        _check(table, "grid", "start_minute % 5 = 0 AND end_minute % 5 = 0"),
    )


def _of_role(table: str, *more: sa.Column[Any] | sa.CheckConstraint | sa.UniqueConstraint) -> None:
    """Every table here hangs on a practice and a practitioner role, without cascades."""
    owners = {"organisation_id": "organisation.id", "practitioner_role_id": "practitioner_role.id"}
    op.create_table(
        table,
        sa.Column("id", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.String(), sa.ForeignKey(target, name=f"fk_{table}_{name}"), nullable=False) for name, target in owners.items()),
        *more,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _every(table: str) -> sa.CheckConstraint:
    return _check(table, "every", "every > 0 AND every % 5 = 0")


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
