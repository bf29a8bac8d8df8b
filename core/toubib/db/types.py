"""Column types and the base of every table."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, LargeBinary, MetaData
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from toubib.seams import clock, randomness

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC instant. Naive values are refused on the way in, and none comes out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive value; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored instant must be aware")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  the library's signature
        """Give back UTC, aware."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Sealed(TypeDecorator[bytes]):
    """Ciphertext bound to its row and column (`toubib.db.vault`). Key rotation finds every column of this type."""

    impl = LargeBinary
    cache_ok = True


def tables() -> list[type["Table"]]:
    """Every table that is imported, of the core and of the loaded plugins."""
    return [mapper.class_ for mapper in Table._sa_registry.mappers]  # noqa: SLF001  the library has no public way


class Table(SQLModel):
    """Base of every table: an opaque id made before the insert.

    Each table either has `organisation_id` (the custodian) or says in `global_because` why it has none;
    the start refuses a table that does neither.
    """

    metadata = MetaData(naming_convention=NAMING)
    global_because: ClassVar[str] = ""
    id: str = Field(default_factory=randomness.new_id, primary_key=True, max_length=64)


def instant(*, optional: bool = False, index: bool = False, default_now: bool = False) -> Any:
    """A column for an instant; `None` by default when optional, the clock's now when asked."""
    if default_now:
        return Field(default_factory=clock.now, sa_type=UTCDateTime, index=index)
    if optional:
        return Field(default=None, sa_type=UTCDateTime, index=index)
    return Field(sa_type=UTCDateTime, index=index)


def sealed() -> Any:
    """A column for text or bytes encrypted at rest; written and read through `toubib.db.vault`."""
    return Field(default=None, sa_type=Sealed)


def document() -> Any:
    """A column for JSON; whatever is stored for long carries a schema version inside."""
    return Field(default_factory=dict, sa_type=JSON)


def listing() -> Any:
    """A column for a JSON list of short codes."""
    return Field(default_factory=list, sa_type=JSON)
