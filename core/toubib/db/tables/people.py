"""People: a login, a person and an organisation's chart are three things."""

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field

from toubib.db.types import Table, instant, sealed

KNOWN_ACROSS = "a person is one across organisations; what an organisation keeps hangs on its chart"


class Person(Table, table=True):
    """Somebody: patient, relative or practitioner. Traits are sealed; names are found by a blind index."""

    __tablename__ = "person"
    global_because: ClassVar[str] = KNOWN_ACROSS
    created_at: datetime = instant(default_now=True)
    family_name: bytes | None = sealed()
    given_names: bytes | None = sealed()
    birth_date: bytes | None = sealed()
    sex: bytes | None = sealed()
    phone: bytes | None = sealed()
    name_index: str = Field(default="", index=True)
    identity_level: str = Field(default="mail")
    locale: str
    zone: str
    erase_asked_at: datetime | None = instant(optional=True, index=True)


class PersonExport(Table, table=True):
    """All that is held on a person, asked for by them and made by a job: an encrypted file for some days."""

    __tablename__ = "person_export"
    global_because: ClassVar[str] = KNOWN_ACROSS
    person_id: str = Field(foreign_key="person.id", index=True)
    state: str = "asked"
    blob: str = ""
    size: int = 0
    asked_at: datetime = instant(default_now=True)
    expires_at: datetime | None = instant(optional=True)


class PersonFact(Table, table=True):
    """A dated fact about a person, of a declared fact type, with who said so."""

    __tablename__ = "person_fact"
    global_because: ClassVar[str] = KNOWN_ACROSS
    person_id: str = Field(foreign_key="person.id", index=True)
    key: str = Field(index=True)
    value: bytes | None = sealed()
    value_index: str | None = Field(default=None, index=True)
    valid_from: datetime = instant()
    valid_to: datetime | None = instant(optional=True)
    source: str = ""
    verification: str = "declared"
    recorded_by: str = ""


class RelatedPerson(Table, table=True):
    """One person may act for another (guardian, caregiver), from when until when, on what proof."""

    __tablename__ = "related_person"
    global_because: ClassVar[str] = KNOWN_ACROSS
    person_id: str = Field(foreign_key="person.id", index=True)
    helper_id: str = Field(foreign_key="person.id", index=True)
    relation: str
    proof: str = ""
    valid_from: datetime = instant(default_now=True)
    valid_to: datetime | None = instant(optional=True)


class Chart(Table, table=True):
    """An organisation's file on a person: exists once they met, and makes the record the organisation's own."""

    __tablename__ = "chart"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    opened_at: datetime = instant(default_now=True)


class Consent(Table, table=True):
    """A person agreed to a purpose in the words of a version, and may have withdrawn."""

    __tablename__ = "consent"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    encounter_id: str | None = Field(default=None, foreign_key="encounter.id")
    purpose: str
    version: str
    text_hash: str
    given_at: datetime = instant(default_now=True)
    withdrawn_at: datetime | None = instant(optional=True)
