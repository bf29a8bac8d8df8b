"""Money: what is due, attempts to move it, calls to providers, and the ledger.

A ledger row is a transfer: one positive amount from one account to another in one currency. It balances by
construction; the database refuses anything else, and any change afterwards.
"""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from toubib.db.types import Table, instant, sealed


class ChargeItem(Table, table=True):
    """An act or fee of an encounter, stated by its performer; frozen when the encounter is settled."""

    __tablename__ = "charge_item"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    performer_role_id: str = Field(foreign_key="practitioner_role.id")
    code: str = ""
    label: str = ""
    qty: int = 1
    coefficient_milli: int = 1000
    charged_minor: int
    currency: str
    frozen_at: datetime | None = instant(optional=True)


class MoneyDue(Table, table=True):
    """What a debtor owes a creditor, for a purpose. `amount_minor` is empty until known; never above `max_minor`."""

    __tablename__ = "money_due"
    __table_args__ = (
        CheckConstraint("max_minor >= 0 AND (amount_minor IS NULL OR (amount_minor >= 0 AND amount_minor <= max_minor))", name="amount"),
    )
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    purpose: str
    encounter_id: str | None = Field(default=None, foreign_key="encounter.id", index=True)
    debtor_person_id: str | None = Field(default=None, foreign_key="person.id")
    currency: str
    amount_minor: int | None = None
    max_minor: int
    status: str = "open"
    created_at: datetime = instant(default_now=True)
    due_at: datetime | None = instant(optional=True)


class PaymentAttempt(Table, table=True):
    """One try to secure or move money through one provider, with what the provider says of it."""

    __tablename__ = "payment_attempt"
    __table_args__ = (
        CheckConstraint("captured_minor >= 0 AND captured_minor <= amount_minor", name="captured"),
        CheckConstraint("refunded_minor >= 0 AND refunded_minor <= captured_minor", name="refunded"),
    )
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    due_id: str = Field(foreign_key="money_due.id", index=True)
    provider: str
    account: str = ""
    mode: str
    amount_minor: int
    currency: str
    status: str = "created"
    key: str = Field(unique=True)
    provider_ref: str = Field(default="", index=True)
    observed_ref: str = Field(default="", index=True)
    saved_method: str = ""
    authorised_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    payer_email: bytes | None = sealed()
    locale: str
    label: str = ""
    created_at: datetime = instant(default_now=True)
    expires_at: datetime = instant()
    visit_at: datetime | None = instant(optional=True)
    looked_at: datetime | None = instant(optional=True)
    authorised_until: datetime | None = instant(optional=True)
    failure: str = ""


class ProviderCall(Table, table=True):
    """An order to a provider (capture, void, refund, abandon): committed first, then made, repeated with its key."""

    __tablename__ = "provider_call"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    attempt_id: str = Field(foreign_key="payment_attempt.id", index=True)
    verb: str
    amount_minor: int = 0
    key: str = Field(unique=True)
    status: str = "ordered"
    created_at: datetime = instant(default_now=True)
    answered_at: datetime | None = instant(optional=True)


class LedgerAccount(Table, table=True):
    """An account: whose money, of what kind, in one currency."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        UniqueConstraint("organisation_id", "kind", "party", "currency"),
        UniqueConstraint("id", "currency"),
    )
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    kind: str
    party: str = ""
    currency: str


class LedgerTransfer(Table, table=True):
    """An amount moved from the credited account to the debited one, for a reason, once per key."""

    __tablename__ = "ledger_transfer"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        ForeignKeyConstraint(["debit_id", "currency"], ["ledger_account.id", "ledger_account.currency"], name="fk_transfer_debit"),
        ForeignKeyConstraint(["credit_id", "currency"], ["ledger_account.id", "ledger_account.currency"], name="fk_transfer_credit"),
    )
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    debit_id: str = Field(index=True)
    credit_id: str = Field(index=True)
    amount_minor: int
    currency: str
    why: str
    due_id: str | None = Field(default=None, foreign_key="money_due.id", index=True)
    attempt_id: str | None = Field(default=None, foreign_key="payment_attempt.id", index=True)
    key: str = Field(unique=True)
    at: datetime = instant(default_now=True)


class Invoice(Table, table=True):
    """A numbered bill of an organisation; the number is gapless within organisation and year."""

    __tablename__ = "invoice"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", unique=True)
    due_id: str = Field(foreign_key="money_due.id")
    number: str
    issued_at: datetime = instant(default_now=True)
    content: bytes | None = sealed()


class CreditNote(Table, table=True):
    """The numbered paper of one movement of the ledger by which invoiced money was given up; gapless within organisation and year."""

    __tablename__ = "credit_note"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    invoice_id: str = Field(foreign_key="invoice.id", index=True)
    transfer_id: str = Field(foreign_key="ledger_transfer.id", unique=True)
    number: str
    issued_at: datetime = instant(default_now=True)


class Payee(Table, table=True):
    """Somebody outside who gets a share of what is earned here: known by name and number in their register, without an account."""

    __tablename__ = "payee"
    __table_args__ = (UniqueConstraint("organisation_id", "registry_key", "registry_number"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    name: str
    registry_key: str = ""
    registry_number: str
    created_at: datetime = instant(default_now=True)


class InboxMessage(Table, table=True):
    """A webhook that proved its origin: stored once per event id, then looked into by a job."""

    __tablename__ = "inbox_message"
    global_because: ClassVar[str] = "a provider's event names an attempt; the organisation is the attempt's"
    __table_args__ = (UniqueConstraint("source", "event_id"),)
    source: str
    event_id: str
    provider_ref: str
    kind: str
    received_at: datetime = instant(default_now=True)
    handled_at: datetime | None = instant(optional=True)
