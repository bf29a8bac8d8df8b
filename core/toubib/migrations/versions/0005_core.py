"""Requests without a time, who took them, what was answered before the visit, and letters."""

import sqlalchemy as sa
from alembic import op

from toubib.db import guards
from toubib.db.types import Sealed, UTCDateTime

revision = "core_0005"
down_revision = "core_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    _assignment()
    _communication()
    _questionnaire_response()
    _service_request()
    guards.install_state_moves(op.get_bind())
    guards.guard_moves(op.get_bind(), "service_request")


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")


def _assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("practitioner_role_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_assignment_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_assignment_organisation_id")),
        sa.ForeignKeyConstraint(["practitioner_role_id"], ["practitioner_role.id"], name=op.f("fk_assignment_practitioner_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_encounter_id"), "assignment", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_assignment_organisation_id"), "assignment", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_assignment_practitioner_role_id"), "assignment", ["practitioner_role_id"], unique=False)
    accepted = sa.text("state = 'accepted'")
    op.create_index("uq_assignment_accepted", "assignment", ["encounter_id"], unique=True, sqlite_where=accepted, postgresql_where=accepted)


def _communication() -> None:
    op.create_table(
        "communication",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("author_role", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("body", Sealed(), nullable=True),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.Column("corrects_id", sa.String(), nullable=True),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["corrects_id"], ["communication.id"], name=op.f("fk_communication_corrects_id")),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_communication_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_communication_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_communication")),
    )
    op.create_index(op.f("ix_communication_encounter_id"), "communication", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_communication_organisation_id"), "communication", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_communication_sent_at"), "communication", ["sent_at"], unique=False)


def _questionnaire_response() -> None:
    op.create_table(
        "questionnaire_response",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("questionnaire", sa.String(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("body", Sealed(), nullable=True),
        sa.Column("authored_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_questionnaire_response_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_questionnaire_response_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_response")),
        sa.UniqueConstraint("encounter_id", "questionnaire", name=op.f("uq_questionnaire_response_encounter_id_questionnaire")),
    )
    op.create_index(op.f("ix_questionnaire_response_encounter_id"), "questionnaire_response", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_questionnaire_response_organisation_id"), "questionnaire_response", ["organisation_id"], unique=False)


def _service_request() -> None:
    op.create_table(
        "service_request",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("service_key", sa.String(), nullable=False),
        sa.Column("service_name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("profession", sa.String(), nullable=False),
        sa.Column("specialty", sa.String(), nullable=False),
        sa.Column("territory", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("age_group", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("act_codes", sa.JSON(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("lapses_at", UTCDateTime(), nullable=True),
        sa.Column("active_at", UTCDateTime(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("close_reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_service_request_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_service_request_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_request")),
        sa.UniqueConstraint("encounter_id", name=op.f("uq_service_request_encounter_id")),
    )
    op.create_index(op.f("ix_service_request_active_at"), "service_request", ["active_at"], unique=False)
    op.create_index(op.f("ix_service_request_due_at"), "service_request", ["due_at"], unique=False)
    op.create_index(op.f("ix_service_request_organisation_id"), "service_request", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_service_request_plugin"), "service_request", ["plugin"], unique=False)
    op.create_index(op.f("ix_service_request_status"), "service_request", ["status"], unique=False)
