"""The plugin's tables: codes of members, entitlements of encounters, the row that is locked while a limit is counted, money that arrived."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from toubib.db import Table, instant, sealed

TABLES: tuple[str, ...] = ("sponsor_member", "sponsor_entitlement", "sponsor_account", "sponsor_receipt", "sponsor_receipt_part")


class Member(Table, table=True):
    """A code that a sponsor gave to a member. Codes are sealed and found by a blind index; who uses one is not written here."""

    __tablename__ = "sponsor_member"
    __table_args__ = (UniqueConstraint("plan", "code_index"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    plan: str
    code: bytes | None = sealed()
    code_index: str
    valid_from: date
    valid_to: date | None = None


class Entitlement(Table, table=True):
    """A sponsor's answer for one encounter, under a reference of its own that names nobody.

    `asked`: not answered yet; `entitled`, `refused`; `reserved` once the patient accepted the share; `consumed` once settled.
    """

    __tablename__ = "sponsor_entitlement"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'entitled', 'refused', 'reserved', 'consumed')", name="state"),
        CheckConstraint("amount_minor >= 0", name="amount"),
    )
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", unique=True)
    plan: str = Field(index=True)
    code_index: str = Field(index=True)
    reference: str = Field(unique=True)
    state: str = "asked"
    year: int
    care_on: date
    kind: str
    amount_minor: int = 0
    currency: str
    asked_at: datetime = instant(default_now=True)
    settled_at: datetime | None = instant(optional=True, index=True)


class Account(Table, table=True):
    """One code's year with one sponsor: the row that is locked while its limit is counted."""

    __tablename__ = "sponsor_account"
    __table_args__ = (UniqueConstraint("plan", "code_index", "year"),)
    global_because: ClassVar[str] = "it says that a code was used in a year, of no person and at no practice"
    plan: str
    code_index: str
    year: int


STANDS = text("withdrawn_at IS NULL")


class Receipt(Table, table=True):
    """A sponsor's transfer for one month's statement, as an administrator recorded it. One that was a mistake is withdrawn, never changed."""

    __tablename__ = "sponsor_receipt"
    __table_args__ = (
        Index("uq_sponsor_receipt_reference", "plan", "month", "reference", unique=True, sqlite_where=STANDS, postgresql_where=STANDS),
        CheckConstraint("amount_minor > 0", name="amount"),
    )
    global_because: ClassVar[str] = "a transfer of a sponsor to the house; its parts say which practices it reached"
    plan: str
    month: str
    amount_minor: int
    currency: str
    received_on: date
    reference: str
    recorded_at: datetime = instant(default_now=True)
    recorded_by: str
    withdrawn_at: datetime | None = instant(optional=True)
    withdrawn_by: str = ""


class ReceiptPart(Table, table=True):
    """What of a transfer belongs to one practice."""

    __tablename__ = "sponsor_receipt_part"
    __table_args__ = (UniqueConstraint("receipt_id", "organisation_id"), CheckConstraint("amount_minor > 0", name="amount"))
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    receipt_id: str = Field(foreign_key="sponsor_receipt.id", index=True)
    amount_minor: int
