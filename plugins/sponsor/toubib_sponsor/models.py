"""The plugin's tables: codes of members, one entitlement for each encounter, and the row that is locked while a limit is counted."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from toubib.db import Table, instant, sealed

TABLES: tuple[str, ...] = ("sponsor_member", "sponsor_entitlement", "sponsor_account")


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
