"""Words that a page may show untranslated, because they are data: of rows, settings and calendars, and the names that programs have."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from babel import Locale
from sqlalchemy import inspect
from sqlmodel import select

from toubib import runtime
from toubib.db import database, vault
from toubib.db.types import Sealed, tables
from toubib.services import unverified
from toubib.testing import pseudo
from toubib.testing.doubles.payment import NO, NOTICE, MemoryProvider

OWN = re.compile(r"[a-z0-9_.:/-]*")
"""Keys, states and other names of the program's own."""
NUMBERS = ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
"""Papers spell quantities from a table of each language."""


def known_words() -> frozenset[str]:
    """The words of all that is stored and set in the running installation, in small letters."""
    folder = runtime.current().settings.folder
    own = (tomllib.loads((folder / name).read_text()) for name in ("deployment.toml", "demo.toml"))
    double = words_of([MemoryProvider().title.key, NOTICE.key, NO.key, *NUMBERS])
    return frozenset({*stored_words(), *calendar_words(), *credits_of_data(), *double, *(word for data in own for word in words_of(data))})


def words_of(value: Any) -> Iterator[str]:
    """The words of whatever a column or a setting holds; not of keys, states and other names of the program's own."""
    if isinstance(value, str):
        if not OWN.fullmatch(value):
            yield from (word.casefold() for word in pseudo.WORD.findall(value))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from words_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from words_of(inner)


def stored_words() -> Iterator[str]:
    """The words of every row, sealed ones too."""
    # other tests of this process may have imported plugins that this installation does not have
    with database().reading() as reading:
        existing = set(inspect(reading.connection()).get_table_names())
        for table in (table for table in tables() if table.__tablename__ in existing):
            sealed = [column.name for column in table.__table__.columns if isinstance(column.type, Sealed)]  # type: ignore[attr-defined]
            for row in reading.exec(select(table)):
                yield from words_of(row.model_dump(exclude=set(sealed)))
                for name in sealed:
                    yield from words_of(vault().read(row, name))


def calendar_words() -> Iterator[str]:
    """The names of days, months and parts of the day."""
    english = Locale("en")
    for names in (english.months, english.days, english.day_periods):
        for width in names["format"].values():
            yield from words_of(list(width.values()))
    yield from words_of([(Locale(code).display_name or "").title() for code in runtime.current().settings.site.languages])
    yield from words_of([*(name.title() for name in english.languages.values()), *english.territories.values()])
    yield from ("at", "of", "am", "pm", "hour", "hours", "minute", "minutes", "day", "days")


def names_of_programs() -> Iterator[str]:
    """What only administrators read: names of plugins and of their settings with their values, and the sources of rules."""
    for name, loaded in runtime.current().registry.plugins.items():
        settings = loaded.settings.model_dump()
        yield from (word.casefold() for word in pseudo.WORD.findall(" ".join([name, loaded.source, *settings, *map(str, settings.values())])))
    packs, countries = runtime.current().packs, runtime.current().registry.countries.values()
    for found in unverified.unverified(packs, countries):
        yield from (word.casefold() for word in pseudo.WORD.findall(f"{found.rule.rule} {found.rule.source}"))
    yield "python"


def credits_of_data() -> Iterator[str]:
    """Who must be named for the list of places."""
    for country in runtime.current().registry.countries.values():
        yield from words_of([str(country.gazetteer)])
