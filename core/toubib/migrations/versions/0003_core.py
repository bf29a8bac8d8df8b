"""The core's first tables, concluded: media, money, prescriptions; then what the database itself refuses."""

import sqlalchemy as sa
from alembic import op

from toubib.db import guards
from toubib.db.types import Sealed, UTCDateTime

revision = "core_0003"
down_revision = "core_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and the guards."""
    _media_session()
    _money_due()
    _note()
    _notification()
    _presence()
    _quote()
    _step_mark()
    _invoice()
    _media_quality()
    _media_segment()
    _payment_attempt()
    _prescription()
    _ledger_transfer()
    _prescription_line()
    _provider_call()
    _dispense()
    guards.install(op.get_bind())


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")


def _media_session() -> None:
    op.create_table(
        "media_session",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("backend", sa.String(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_media_session_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_media_session_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_session")),
    )
    op.create_index(op.f("ix_media_session_encounter_id"), "media_session", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_media_session_organisation_id"), "media_session", ["organisation_id"], unique=False)


def _money_due() -> None:
    op.create_table(
        "money_due",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=True),
        sa.Column("debtor_person_id", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=True),
        sa.Column("max_minor", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("max_minor >= 0 AND (amount_minor IS NULL OR (amount_minor >= 0 AND amount_minor <= max_minor))", name=op.f("ck_money_due_amount")),
        sa.ForeignKeyConstraint(["debtor_person_id"], ["person.id"], name=op.f("fk_money_due_debtor_person_id")),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_money_due_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_money_due_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_due")),
    )
    op.create_index(op.f("ix_money_due_encounter_id"), "money_due", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_money_due_organisation_id"), "money_due", ["organisation_id"], unique=False)


def _note() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("practitioner_role_id", sa.String(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("body", Sealed(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_note_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_note_organisation_id")),
        sa.ForeignKeyConstraint(["practitioner_role_id"], ["practitioner_role.id"], name=op.f("fk_note_practitioner_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        sa.UniqueConstraint("encounter_id", "practitioner_role_id", "private", name=op.f("uq_note_encounter_id_practitioner_role_id_private")),
    )
    op.create_index(op.f("ix_note_encounter_id"), "note", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_note_organisation_id"), "note", ["organisation_id"], unique=False)


def _notification() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=True),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("encounter_id", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("address", Sealed(), nullable=True),
        sa.Column("body", Sealed(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_notification_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_notification_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notification_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
    )
    op.create_index(op.f("ix_notification_organisation_id"), "notification", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_notification_person_id"), "notification", ["person_id"], unique=False)


def _presence() -> None:
    op.create_table(
        "presence",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("display_name", Sealed(), nullable=True),
        sa.Column("joined_at", UTCDateTime(), nullable=False),
        sa.Column("last_seen_at", UTCDateTime(), nullable=False),
        sa.Column("left_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_presence_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_presence_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
        sa.UniqueConstraint("encounter_id", "participant_id", name=op.f("uq_presence_encounter_id_participant_id")),
    )
    op.create_index(op.f("ix_presence_encounter_id"), "presence", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_presence_organisation_id"), "presence", ["organisation_id"], unique=False)


def _quote() -> None:
    op.create_table(
        "quote",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("context", Sealed(), nullable=True),
        sa.Column("body", Sealed(), nullable=True),
        sa.Column("patient_minor", sa.Integer(), nullable=False),
        sa.Column("total_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("shown_hash", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_quote_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_quote_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
    )
    op.create_index(op.f("ix_quote_encounter_id"), "quote", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_quote_organisation_id"), "quote", ["organisation_id"], unique=False)


def _step_mark() -> None:
    op.create_table(
        "step_mark",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_step_mark_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_step_mark_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_mark")),
        sa.UniqueConstraint("encounter_id", "step", "key", name=op.f("uq_step_mark_encounter_id_step_key")),
    )
    op.create_index(op.f("ix_step_mark_encounter_id"), "step_mark", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_step_mark_organisation_id"), "step_mark", ["organisation_id"], unique=False)


def _invoice() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("due_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("issued_at", UTCDateTime(), nullable=False),
        sa.Column("content", Sealed(), nullable=True),
        sa.ForeignKeyConstraint(["due_id"], ["money_due.id"], name=op.f("fk_invoice_due_id")),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_invoice_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_invoice_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("encounter_id", name=op.f("uq_invoice_encounter_id")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_invoice_organisation_id_number")),
    )
    op.create_index(op.f("ix_invoice_organisation_id"), "invoice", ["organisation_id"], unique=False)


def _media_quality() -> None:
    op.create_table(
        "media_quality",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("participant_role", sa.String(), nullable=False),
        sa.Column("connect_ms", sa.Integer(), nullable=False),
        sa.Column("lost_permille", sa.Integer(), nullable=False),
        sa.Column("reconnections", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_media_quality_organisation_id")),
        sa.ForeignKeyConstraint(["session_id"], ["media_session.id"], name=op.f("fk_media_quality_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_quality")),
    )
    op.create_index(op.f("ix_media_quality_organisation_id"), "media_quality", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_media_quality_session_id"), "media_quality", ["session_id"], unique=False)


def _media_segment() -> None:
    op.create_table(
        "media_segment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("modality", sa.String(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_media_segment_organisation_id")),
        sa.ForeignKeyConstraint(["session_id"], ["media_session.id"], name=op.f("fk_media_segment_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_segment")),
    )
    op.create_index(op.f("ix_media_segment_organisation_id"), "media_segment", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_media_segment_session_id"), "media_segment", ["session_id"], unique=False)


def _payment_attempt() -> None:
    op.create_table(
        "payment_attempt",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("due_id", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("provider_ref", sa.String(), nullable=False),
        sa.Column("observed_ref", sa.String(), nullable=False),
        sa.Column("saved_method", sa.String(), nullable=False),
        sa.Column("authorised_minor", sa.Integer(), nullable=False),
        sa.Column("captured_minor", sa.Integer(), nullable=False),
        sa.Column("refunded_minor", sa.Integer(), nullable=False),
        sa.Column("payer_email", Sealed(), nullable=True),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("visit_at", UTCDateTime(), nullable=True),
        sa.Column("looked_at", UTCDateTime(), nullable=True),
        sa.Column("authorised_until", UTCDateTime(), nullable=True),
        sa.Column("failure", sa.String(), nullable=False),
        sa.CheckConstraint("captured_minor >= 0 AND captured_minor <= amount_minor", name=op.f("ck_payment_attempt_captured")),
        sa.CheckConstraint("refunded_minor >= 0 AND refunded_minor <= captured_minor", name=op.f("ck_payment_attempt_refunded")),
        sa.ForeignKeyConstraint(["due_id"], ["money_due.id"], name=op.f("fk_payment_attempt_due_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_payment_attempt_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempt")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_attempt_key")),
    )
    op.create_index(op.f("ix_payment_attempt_due_id"), "payment_attempt", ["due_id"], unique=False)
    op.create_index(op.f("ix_payment_attempt_observed_ref"), "payment_attempt", ["observed_ref"], unique=False)
    op.create_index(op.f("ix_payment_attempt_organisation_id"), "payment_attempt", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_payment_attempt_provider_ref"), "payment_attempt", ["provider_ref"], unique=False)


def _prescription() -> None:
    op.create_table(
        "prescription",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("practitioner_role_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("replaces_id", sa.String(), nullable=True),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("verify_code", Sealed(), nullable=True),
        sa.Column("verify_hash", sa.String(), nullable=False),
        sa.Column("issued", Sealed(), nullable=True),
        sa.Column("issued_at", UTCDateTime(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_reason", Sealed(), nullable=True),
        sa.Column("document_id", sa.String(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_prescription_document_id")),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_prescription_encounter_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_prescription_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_prescription_person_id")),
        sa.ForeignKeyConstraint(["practitioner_role_id"], ["practitioner_role.id"], name=op.f("fk_prescription_practitioner_role_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["prescription.id"], name=op.f("fk_prescription_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescription")),
    )
    op.create_index(op.f("ix_prescription_encounter_id"), "prescription", ["encounter_id"], unique=False)
    op.create_index(op.f("ix_prescription_organisation_id"), "prescription", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_prescription_person_id"), "prescription", ["person_id"], unique=False)
    op.create_index(op.f("ix_prescription_practitioner_role_id"), "prescription", ["practitioner_role_id"], unique=False)
    op.create_index(op.f("ix_prescription_verify_hash"), "prescription", ["verify_hash"], unique=False)


def _ledger_transfer() -> None:
    op.create_table(
        "ledger_transfer",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("debit_id", sa.String(), nullable=False),
        sa.Column("credit_id", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("due_id", sa.String(), nullable=True),
        sa.Column("attempt_id", sa.String(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_ledger_transfer_positive")),
        sa.CheckConstraint("debit_id <> credit_id", name=op.f("ck_ledger_transfer_two_accounts")),
        sa.ForeignKeyConstraint(["attempt_id"], ["payment_attempt.id"], name=op.f("fk_ledger_transfer_attempt_id")),
        sa.ForeignKeyConstraint(["credit_id", "currency"], ["ledger_account.id", "ledger_account.currency"], name="fk_transfer_credit"),
        sa.ForeignKeyConstraint(["debit_id", "currency"], ["ledger_account.id", "ledger_account.currency"], name="fk_transfer_debit"),
        sa.ForeignKeyConstraint(["due_id"], ["money_due.id"], name=op.f("fk_ledger_transfer_due_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_ledger_transfer_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transfer")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_transfer_key")),
    )
    op.create_index(op.f("ix_ledger_transfer_attempt_id"), "ledger_transfer", ["attempt_id"], unique=False)
    op.create_index(op.f("ix_ledger_transfer_credit_id"), "ledger_transfer", ["credit_id"], unique=False)
    op.create_index(op.f("ix_ledger_transfer_debit_id"), "ledger_transfer", ["debit_id"], unique=False)
    op.create_index(op.f("ix_ledger_transfer_due_id"), "ledger_transfer", ["due_id"], unique=False)
    op.create_index(op.f("ix_ledger_transfer_organisation_id"), "ledger_transfer", ["organisation_id"], unique=False)


def _prescription_line() -> None:
    op.create_table(
        "prescription_line",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("prescription_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("body", Sealed(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_prescription_line_organisation_id")),
        sa.ForeignKeyConstraint(["prescription_id"], ["prescription.id"], name=op.f("fk_prescription_line_prescription_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescription_line")),
        sa.UniqueConstraint("prescription_id", "position", name=op.f("uq_prescription_line_prescription_id_position")),
    )
    op.create_index(op.f("ix_prescription_line_organisation_id"), "prescription_line", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_prescription_line_prescription_id"), "prescription_line", ["prescription_id"], unique=False)


def _provider_call() -> None:
    op.create_table(
        "provider_call",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["payment_attempt.id"], name=op.f("fk_provider_call_attempt_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_provider_call_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_call")),
        sa.UniqueConstraint("key", name=op.f("uq_provider_call_key")),
    )
    op.create_index(op.f("ix_provider_call_attempt_id"), "provider_call", ["attempt_id"], unique=False)
    op.create_index(op.f("ix_provider_call_organisation_id"), "provider_call", ["organisation_id"], unique=False)


def _dispense() -> None:
    op.create_table(
        "dispense",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("pharmacy", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["prescription_line.id"], name=op.f("fk_dispense_line_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_dispense_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispense")),
    )
    op.create_index(op.f("ix_dispense_line_id"), "dispense", ["line_id"], unique=False)
    op.create_index(op.f("ix_dispense_organisation_id"), "dispense", ["organisation_id"], unique=False)
