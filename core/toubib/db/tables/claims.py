"""Reimbursement: quotes as rows (offered, accepted, final), items frozen at settle, claims made of them."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from toubib.db.types import Table, instant, sealed


class StoredQuote(Table, table=True):
    """A pack's answer as it was shown: context and quote as versioned JSON, and a hash of the text the patient read."""

    __tablename__ = "quote"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    pack: str
    position: int = 0
    stage: str
    schema_version: int = 1
    context: bytes | None = sealed()
    body: bytes | None = sealed()
    patient_minor: int
    total_minor: int
    currency: str
    shown_hash: str = ""
    at: datetime = instant(default_now=True)


class ClaimItem(Table, table=True):
    """One act for one payer, frozen at settle. At most one per encounter, performer, payer, code and position."""

    __tablename__ = "claim_item"
    __table_args__ = (UniqueConstraint("encounter_id", "performer_role_id", "payer", "code", "position"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    performer_role_id: str = Field(foreign_key="practitioner_role.id")
    person_id: str = Field(foreign_key="person.id", index=True)
    pack: str
    payer: str
    code: str
    position: int = 0
    amount_minor: int | None = None
    currency: str = ""
    points: int | None = None
    care_at: datetime = instant()
    grouping_key: str = Field(index=True)
    payload: bytes | None = sealed()
    claim_id: str | None = Field(default=None, foreign_key="claim.id", index=True)


class Claim(Table, table=True):
    """A claim to a payer, from one or several encounters. Without a certified gateway it stays a draft.

    `person_id` is the patient of its first item. A claim may hold items of several patients (a monthly invoice), so its payload is
    part of nobody's record: what a patient may see of it goes through their own items.
    """

    __tablename__ = "claim"
    __table_args__ = (UniqueConstraint("organisation_id", "pack", "grouping_key"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    pack: str
    grouping_key: str
    status: str = "draft"
    schema_version: int = 1
    payload: bytes | None = sealed()
    legal_status: bytes | None = sealed()
    next_step: bytes | None = sealed()
    created_at: datetime = instant(default_now=True)
    deadline: datetime | None = instant(optional=True)


class Counter(Table, table=True):
    """A count that rules depend on (contributions this year); consumed at settle only, under a lock."""

    __tablename__ = "counter"
    __table_args__ = (UniqueConstraint("person_id", "key", "window"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    key: str
    window: str
    value: int = 0
