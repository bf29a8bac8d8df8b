"""Prescriptions and documents: legal records that outlive every carrier."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from toubib.db.types import Table, instant, sealed


class Prescription(Table, table=True):
    """A practitioner's order of drugs. `verify_hash` is of the code under the QR; content needs more than it."""

    __tablename__ = "prescription"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    practitioner_role_id: str = Field(foreign_key="practitioner_role.id", index=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    status: str = "draft"
    kind: str = "drugs"
    version: int = 1
    replaces_id: str | None = Field(default=None, foreign_key="prescription.id")
    carrier: str = ""
    verify_code: bytes | None = sealed()
    verify_hash: str = Field(default="", index=True)
    issued: bytes | None = sealed()
    issued_at: datetime | None = instant(optional=True)
    valid_until: date | None = None
    revoked_at: datetime | None = instant(optional=True)
    revoked_reason: bytes | None = sealed()
    document_id: str | None = Field(default=None, foreign_key="document.id")
    created_at: datetime = instant(default_now=True)


class PrescriptionLine(Table, table=True):
    """A line: what, how much, how long, as JSON of `MedicationLine`, sealed."""

    __tablename__ = "prescription_line"
    __table_args__ = (UniqueConstraint("prescription_id", "position"),)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    prescription_id: str = Field(foreign_key="prescription.id", index=True)
    position: int
    schema_version: int = 1
    body: bytes | None = sealed()


class Dispense(Table, table=True):
    """What a pharmacy handed out of a line. Undone ones stay, marked."""

    __tablename__ = "dispense"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    line_id: str = Field(foreign_key="prescription_line.id", index=True)
    whole: bool = True
    quantity: str = ""
    pharmacy: str
    at: datetime = instant(default_now=True)
    undone_at: datetime | None = instant(optional=True)


class Document(Table, table=True):
    """A file of a person's record. The bytes are an encrypted blob, written before this row."""

    __tablename__ = "document"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    encounter_id: str | None = Field(default=None, foreign_key="encounter.id", index=True)
    kind: str
    filename: str
    media_type: str
    size: int
    sha256: str
    blob: str = Field(unique=True)
    status: str = "final"
    schema_version: int = 1
    created_at: datetime = instant(default_now=True)
