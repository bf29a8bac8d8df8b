"""The plugin's tables: editions, specialities, and the words by which they are found. No personal data."""

from datetime import date, datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from toubib.db import Table, instant, listing

PUBLIC = "published data about drugs, the same for everybody"
Folded = sa.String().with_variant(sa.String(collation="C"), "postgresql")
"""Folded words, compared byte by byte on every database, so that a prefix is a range."""


class Edition(Table, table=True):
    """One import of the official file. At most one is `current`; the others are being loaded or thrown away."""

    __tablename__ = "drugs_fr_edition"
    __table_args__ = (
        sa.Index("uq_drugs_fr_edition_current", "state", unique=True, sqlite_where=sa.text("state = 'current'"), postgresql_where=sa.text("state = 'current'")),
    )
    global_because: ClassVar[str] = PUBLIC
    number: int = Field(unique=True)
    state: str = "loading"
    published_on: date
    source: str
    specialities: int
    imported_at: datetime = instant(default_now=True)


class SpecialityRow(Table, table=True):
    """A speciality of an edition. `position` is its place by name; `prescribable` ones have words."""

    __tablename__ = "drugs_fr_speciality"
    __table_args__ = (sa.UniqueConstraint("edition", "position"), sa.UniqueConstraint("edition", "code"), sa.Index(None, "edition", "folded"))
    global_because: ClassVar[str] = PUBLIC
    edition: int
    position: int
    code: str
    name: str
    form: str
    route: str
    substances: list[str] = listing()
    classes: list[str] = listing()
    prescribable: bool
    folded: str = Field(sa_type=Folded)


WORDS = sa.Table(
    "drugs_fr_word",
    Table.metadata,
    sa.Column("edition", sa.Integer, nullable=False),
    sa.Column("word", Folded, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("edition", "word", "position"),
    sa.Index(None, "edition", "position", "word"),
    sqlite_with_rowid=False,
)
"""Which speciality has which word. A plain table: a quarter of a million rows need no id of their own."""

TABLES = ("drugs_fr_edition", "drugs_fr_speciality", "drugs_fr_word")
