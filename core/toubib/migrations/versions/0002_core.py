"""The core's first tables, continued: sessions, encounters and their records."""

import sqlalchemy as sa
from alembic import op

from toubib.db.types import Sealed, UTCDateTime

revision = "core_0002"
down_revision = "core_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _auth_session()
    _practitioner_role()
    _recovery_code()
    _seat()
    _delegation()
    _encounter()
    _role_assignment()
    _admission()
    _appointment()
    _charge_item()
    _chat_message()
    _claim_item()
    _consent()
    _document()
    _join_link()


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")


def _auth_session() -> None:
    op.create_table(
        "auth_session",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_seen_at", UTCDateTime(), nullable=False),
        sa.Column("second_factor_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_auth_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_auth_session_token_hash")),
    )
    op.create_index(op.f("ix_auth_session_account_id"), "auth_session", ["account_id"], unique=False)


def _practitioner_role() -> None:
    op.create_table(
        "practitioner_role",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("practitioner_id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("profession", sa.String(), nullable=False),
        sa.Column("specialty", sa.String(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_practitioner_role_location_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_practitioner_role_organisation_id")),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"], name=op.f("fk_practitioner_role_practitioner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioner_role")),
    )
    op.create_index(op.f("ix_practitioner_role_organisation_id"), "practitioner_role", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_practitioner_role_practitioner_id"), "practitioner_role", ["practitioner_id"], unique=False)
    op.create_index(op.f("ix_practitioner_role_profession"), "practitioner_role", ["profession"], unique=False)
    op.create_index(op.f("ix_practitioner_role_specialty"), "practitioner_role", ["specialty"], unique=False)


def _recovery_code() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_account_id"), "recovery_code", ["account_id"], unique=False)


def _seat() -> None:
    op.create_table(
        "seat",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("occupancy_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("freed", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["occupancy_id"], ["occupancy.id"], name=op.f("fk_seat_occupancy_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_seat_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
        sa.UniqueConstraint("occupancy_id", "position", "freed", name=op.f("uq_seat_occupancy_id_position_freed")),
    )
    op.create_index(op.f("ix_seat_occupancy_id"), "seat", ["occupancy_id"], unique=False)
    op.create_index(op.f("ix_seat_organisation_id"), "seat", ["organisation_id"], unique=False)


def _delegation() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("practitioner_role_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_to", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_delegation_account_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_delegation_organisation_id")),
        sa.ForeignKeyConstraint(["practitioner_role_id"], ["practitioner_role.id"], name=op.f("fk_delegation_practitioner_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index(op.f("ix_delegation_account_id"), "delegation", ["account_id"], unique=False)
    op.create_index(op.f("ix_delegation_organisation_id"), "delegation", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_delegation_practitioner_role_id"), "delegation", ["practitioner_role_id"], unique=False)


def _encounter() -> None:
    op.create_table(
        "encounter",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("journey", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("booked_by", sa.String(), nullable=True),
        sa.Column("practitioner_role_id", sa.String(), nullable=True),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("draft_hash", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("arrived_at", UTCDateTime(), nullable=True),
        sa.Column("admitted_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["booked_by"], ["person.id"], name=op.f("fk_encounter_booked_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_encounter_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_encounter_person_id")),
        sa.ForeignKeyConstraint(["practitioner_role_id"], ["practitioner_role.id"], name=op.f("fk_encounter_practitioner_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_encounter")),
    )
    op.create_index(op.f("ix_encounter_draft_hash"), "encounter", ["draft_hash"], unique=False)
    op.create_index(op.f("ix_encounter_organisation_id"), "encounter", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_encounter_person_id"), "encounter", ["person_id"], unique=False)
    op.create_index(op.f("ix_encounter_practitioner_role_id"), "encounter", ["practitioner_role_id"], unique=False)


def _role_assignment() -> None:
    op.create_table(
        "role_assignment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("practitioner_role_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_role_assignment_account_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_role_assignment_organisation_id")),
        sa.ForeignKeyConstraint(["practitioner_role_id"], ["practitioner_role.id"], name=op.f("fk_role_assignment_practitioner_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_assignment")),
    )
    op.create_index(op.f("ix_role_assignment_account_id"), "role_assignment", ["account_id"], unique=False)
    op.create_index(op.f("ix_role_assignment_organisation_id"), "role_assignment", ["organisation_id"], unique=False)


def _admission() -> None:
    op.create_table(
        "admission",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("identity_checked", sa.Boolean(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("place", Sealed(), nullable=True),
        sa.Column("phone", Sealed(), nullable=True),
        sa.Column("others_present", Sealed(), nullable=True),
        sa.Column("suitable", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_admission_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_admission_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admission")),
        sa.UniqueConstraint("encounter_id", name=op.f("uq_admission_encounter_id")),
    )
    op.create_index(op.f("ix_admission_organisation_id"), "admission", ["organisation_id"], unique=False)


def _appointment() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("practitioner_role_id", sa.String(), nullable=False),
        sa.Column("occupancy_id", sa.String(), nullable=False),
        sa.Column("scheduler", sa.String(), nullable=False),
        sa.Column("service_id", sa.String(), nullable=False),
        sa.Column("service_name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("wall_intent", sa.String(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("cancelled_at", UTCDateTime(), nullable=True),
        sa.Column("cancelled_by", sa.String(), nullable=False),
        sa.Column("cancel_reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_appointment_encounter_id")),
        sa.ForeignKeyConstraint(["occupancy_id"], ["occupancy.id"], name=op.f("fk_appointment_occupancy_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_appointment_organisation_id")),
        sa.ForeignKeyConstraint(["practitioner_role_id"], ["practitioner_role.id"], name=op.f("fk_appointment_practitioner_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    op.create_index(op.f("ix_appointment_encounter_id"), "appointment", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_appointment_organisation_id"), "appointment", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_appointment_practitioner_role_id"), "appointment", ["practitioner_role_id"], unique=False)
    op.create_index(op.f("ix_appointment_starts_at"), "appointment", ["starts_at"], unique=False)


def _charge_item() -> None:
    op.create_table(
        "charge_item",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("performer_role_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
        sa.Column("coefficient_milli", sa.Integer(), nullable=False),
        sa.Column("charged_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("frozen_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_charge_item_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_charge_item_organisation_id")),
        sa.ForeignKeyConstraint(["performer_role_id"], ["practitioner_role.id"], name=op.f("fk_charge_item_performer_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_item")),
    )
    op.create_index(op.f("ix_charge_item_encounter_id"), "charge_item", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_charge_item_organisation_id"), "charge_item", ["organisation_id"], unique=False)


def _chat_message() -> None:
    op.create_table(
        "chat_message",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("author_role", sa.String(), nullable=False),
        sa.Column("body", Sealed(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_chat_message_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_chat_message_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_message")),
    )
    op.create_index(op.f("ix_chat_message_at"), "chat_message", ["at"], unique=False)
    op.create_index(op.f("ix_chat_message_encounter_id"), "chat_message", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_chat_message_organisation_id"), "chat_message", ["organisation_id"], unique=False)


def _claim_item() -> None:
    op.create_table(
        "claim_item",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("performer_role_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("payer", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("care_at", UTCDateTime(), nullable=False),
        sa.Column("grouping_key", sa.String(), nullable=False),
        sa.Column("payload", Sealed(), nullable=True),
        sa.Column("claim_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_item_claim_id")),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_claim_item_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_claim_item_organisation_id")),
        sa.ForeignKeyConstraint(["performer_role_id"], ["practitioner_role.id"], name=op.f("fk_claim_item_performer_role_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_claim_item_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_item")),
        sa.UniqueConstraint(
            "encounter_id", "performer_role_id", "payer", "code", "position", name=op.f("uq_claim_item_encounter_id_performer_role_id_payer_code_position")
        ),
    )
    op.create_index(op.f("ix_claim_item_claim_id"), "claim_item", ["claim_id"], unique=False)
    op.create_index(op.f("ix_claim_item_encounter_id"), "claim_item", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_claim_item_grouping_key"), "claim_item", ["grouping_key"], unique=False)
    op.create_index(op.f("ix_claim_item_organisation_id"), "claim_item", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_claim_item_person_id"), "claim_item", ["person_id"], unique=False)


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("given_at", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_consent_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_consent_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_organisation_id"), "consent", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_consent_person_id"), "consent", ["person_id"], unique=False)


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_document_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_document_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_document_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("blob", name=op.f("uq_document_blob")),
    )
    op.create_index(op.f("ix_document_encounter_id"), "document", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_document_organisation_id"), "document", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_document_person_id"), "document", ["person_id"], unique=False)


def _join_link() -> None:
    op.create_table(
        "join_link",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("participant_role", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_join_link_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_join_link_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_join_link_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_join_link_token_hash")),
    )
    op.create_index(op.f("ix_join_link_encounter_id"), "join_link", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_join_link_organisation_id"), "join_link", ["organisation_id"], unique=False)
