"""The directory: organisations, places, practitioners and what they are. Public data, in clear."""

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Field

from toubib.db.types import Table, document, instant, listing

PUBLIC = "public directory data"


class Organisation(Table, table=True):
    """A practice, health centre, hospital or company: custodian of records and party to bills."""

    __tablename__ = "organisation"
    global_because: ClassVar[str] = "it is the organisation itself"
    name: str
    slug: str = Field(unique=True)
    kind: str = "practice"
    phone: str = ""
    email: str = ""
    country: str = ""
    zone: str
    currency: str
    identifiers: dict[str, Any] = document()
    settings: dict[str, Any] = document()
    payment_account: str = ""


class Location(Table, table=True):
    """Where an organisation receives: address and coordinates in millionths of a degree."""

    __tablename__ = "location"
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    name: str
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    lat_e6: int = 0
    lon_e6: int = 0
    access_note: dict[str, Any] = document()


class Practitioner(Table, table=True):
    """A professional, whose id is their person's. The registry number is public; so is the name they practise under."""

    __tablename__ = "practitioner"
    global_because: ClassVar[str] = PUBLIC
    slug: str = Field(unique=True)
    display_name: str
    search_name: str = Field(index=True)
    title: str = ""
    registry_key: str = ""
    registry_number: str = Field(default="", index=True)
    languages: list[str] = listing()
    about: dict[str, Any] = document()


class PractitionerRole(Table, table=True):
    """A practitioner at one organisation: profession, specialty, fee sector. What patients book."""

    __tablename__ = "practitioner_role"
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    location_id: str = Field(foreign_key="location.id")
    profession: str = Field(index=True)
    specialty: str = Field(default="", index=True)
    sector: str = ""
    attributes: dict[str, Any] = document()
    active: bool = True


class Standing(Table, table=True):
    """May this practitioner act, in which scope, until when, and who said so. `toubib.services.standing` reads it.

    `state`: `good`, `pending`, `suspended`. The newest row of a source and scope is its word.
    """

    __tablename__ = "standing"
    global_because: ClassVar[str] = PUBLIC
    practitioner_id: str = Field(foreign_key="practitioner.id", index=True)
    scope: str = "practise"
    state: str = "pending"
    valid_from: datetime = instant(default_now=True)
    valid_to: datetime | None = instant(optional=True)
    source: str = ""
    reason: str = ""
    decided_by: str = ""
