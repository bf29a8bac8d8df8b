"""The core's first tables: people, organisations, time, and the machinery."""

import sqlalchemy as sa
from alembic import op

from toubib.db.types import Sealed, UTCDateTime

revision = "core_0001"
down_revision = None
branch_labels = ("core",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _audit_event()
    _bus_message()
    _event()
    _inbox_message()
    _job()
    _login_code()
    _organisation()
    _person()
    _practitioner()
    _rate_count()
    _account()
    _audit_seal()
    _chart()
    _claim()
    _counter()
    _ledger_account()
    _location()
    _occupancy()
    _person_fact()
    _related_person()
    _standing()


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")


def _audit_event() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_person_id", sa.String(), nullable=False),
        sa.Column("acting_for", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("object_kind", sa.String(), nullable=False),
        sa.Column("object_ids", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_actor_person_id"), "audit_event", ["actor_person_id"], unique=False)
    op.create_index(op.f("ix_audit_event_at"), "audit_event", ["at"], unique=False)
    op.create_index(op.f("ix_audit_event_organisation_id"), "audit_event", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_audit_event_person_id"), "audit_event", ["person_id"], unique=False)


def _bus_message() -> None:
    op.create_table(
        "bus_message",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("body", Sealed(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bus_message")),
    )
    op.create_index(op.f("ix_bus_message_at"), "bus_message", ["at"], unique=False)
    op.create_index(op.f("ix_bus_message_channel"), "bus_message", ["channel"], unique=False)


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_name"), "event", ["name"], unique=False)
    op.create_index(op.f("ix_event_subject_id"), "event", ["subject_id"], unique=False)


def _inbox_message() -> None:
    op.create_table(
        "inbox_message",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("provider_ref", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("handled_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_message")),
        sa.UniqueConstraint("source", "event_id", name=op.f("uq_inbox_message_source_event_id")),
    )


def _job() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("payload_version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("run_at", UTCDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.String(), nullable=False),
        sa.Column("leased_until", UTCDateTime(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("key", name=op.f("uq_job_key")),
    )
    op.create_index(op.f("ix_job_name"), "job", ["name"], unique=False)
    op.create_index(op.f("ix_job_run_at"), "job", ["run_at"], unique=False)
    op.create_index(op.f("ix_job_state"), "job", ["state"], unique=False)


def _login_code() -> None:
    op.create_table(
        "login_code",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("email_index", sa.String(), nullable=False),
        sa.Column("email", Sealed(), nullable=True),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("link_hash", sa.String(), nullable=False),
        sa.Column("binding_hash", sa.String(), nullable=False),
        sa.Column("return_to", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_code")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_login_code_link_hash")),
    )
    op.create_index(op.f("ix_login_code_binding_hash"), "login_code", ["binding_hash"], unique=False)
    op.create_index(op.f("ix_login_code_email_index"), "login_code", ["email_index"], unique=False)


def _organisation() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("identifiers", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("payment_account", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("slug", name=op.f("uq_organisation_slug")),
    )


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("family_name", Sealed(), nullable=True),
        sa.Column("given_names", Sealed(), nullable=True),
        sa.Column("birth_date", Sealed(), nullable=True),
        sa.Column("sex", Sealed(), nullable=True),
        sa.Column("phone", Sealed(), nullable=True),
        sa.Column("name_index", sa.String(), nullable=False),
        sa.Column("identity_level", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_name_index"), "person", ["name_index"], unique=False)


def _practitioner() -> None:
    op.create_table(
        "practitioner",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("search_name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("registry_key", sa.String(), nullable=False),
        sa.Column("registry_number", sa.String(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioner")),
        sa.UniqueConstraint("slug", name=op.f("uq_practitioner_slug")),
    )
    op.create_index(op.f("ix_practitioner_registry_number"), "practitioner", ["registry_number"], unique=False)
    op.create_index(op.f("ix_practitioner_search_name"), "practitioner", ["search_name"], unique=False)


def _rate_count() -> None:
    op.create_table(
        "rate_count",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_count")),
        sa.UniqueConstraint("name", "window", name=op.f("uq_rate_count_name_window")),
    )


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("email", Sealed(), nullable=True),
        sa.Column("email_index", sa.String(), nullable=False),
        sa.Column("totp_secret", Sealed(), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("second_factor_required", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("disabled_at", UTCDateTime(), nullable=True),
        sa.Column("bounced_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email_index", name=op.f("uq_account_email_index")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
    )


def _audit_seal() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("sealed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], name=op.f("fk_audit_seal_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_seal_event_id")),
        sa.UniqueConstraint("position", name=op.f("uq_audit_seal_position")),
    )


def _chart() -> None:
    op.create_table(
        "chart",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_chart_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_chart_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chart")),
    )
    op.create_index(op.f("ix_chart_organisation_id"), "chart", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_chart_person_id"), "chart", ["person_id"], unique=False)


def _claim() -> None:
    op.create_table(
        "claim",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("grouping_key", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("payload", Sealed(), nullable=True),
        sa.Column("legal_status", Sealed(), nullable=True),
        sa.Column("next_step", Sealed(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("deadline", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_claim_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_claim_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("organisation_id", "pack", "grouping_key", name=op.f("uq_claim_organisation_id_pack_grouping_key")),
    )
    op.create_index(op.f("ix_claim_organisation_id"), "claim", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_claim_person_id"), "claim", ["person_id"], unique=False)


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_counter_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_counter_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter")),
        sa.UniqueConstraint("person_id", "key", "window", name=op.f("uq_counter_person_id_key_window")),
    )
    op.create_index(op.f("ix_counter_organisation_id"), "counter", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_counter_person_id"), "counter", ["person_id"], unique=False)


def _ledger_account() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_ledger_account_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_ledger_account_id_currency")),
        sa.UniqueConstraint("organisation_id", "kind", "party", "currency", name=op.f("uq_ledger_account_organisation_id_kind_party_currency")),
    )
    op.create_index(op.f("ix_ledger_account_organisation_id"), "ledger_account", ["organisation_id"], unique=False)


def _location() -> None:
    op.create_table(
        "location",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("street", sa.String(), nullable=False),
        sa.Column("postcode", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("lat_e6", sa.Integer(), nullable=False),
        sa.Column("lon_e6", sa.Integer(), nullable=False),
        sa.Column("access_note", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_location_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
    )
    op.create_index(op.f("ix_location_organisation_id"), "location", ["organisation_id"], unique=False)


def _occupancy() -> None:
    op.create_table(
        "occupancy",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("override_reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_occupancy_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupancy")),
    )
    op.create_index(op.f("ix_occupancy_organisation_id"), "occupancy", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_occupancy_starts_at"), "occupancy", ["starts_at"], unique=False)
    op.create_index(op.f("ix_occupancy_subject"), "occupancy", ["subject"], unique=False)


def _person_fact() -> None:
    op.create_table(
        "person_fact",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", Sealed(), nullable=True),
        sa.Column("value_index", sa.String(), nullable=True),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_to", UTCDateTime(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("verification", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_fact_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_fact")),
    )
    op.create_index(op.f("ix_person_fact_key"), "person_fact", ["key"], unique=False)
    op.create_index(op.f("ix_person_fact_person_id"), "person_fact", ["person_id"], unique=False)
    op.create_index(op.f("ix_person_fact_value_index"), "person_fact", ["value_index"], unique=False)


def _related_person() -> None:
    op.create_table(
        "related_person",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("helper_id", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("proof", sa.String(), nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_to", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["helper_id"], ["person.id"], name=op.f("fk_related_person_helper_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_related_person_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_related_person")),
    )
    op.create_index(op.f("ix_related_person_helper_id"), "related_person", ["helper_id"], unique=False)
    op.create_index(op.f("ix_related_person_person_id"), "related_person", ["person_id"], unique=False)


def _standing() -> None:
    op.create_table(
        "standing",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("practitioner_id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_to", UTCDateTime(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"], name=op.f("fk_standing_practitioner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing")),
    )
    op.create_index(op.f("ix_standing_practitioner_id"), "standing", ["practitioner_id"], unique=False)
