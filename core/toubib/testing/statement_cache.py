"""Compiled statements kept for all installations of a process: a run of tests starts thousands, and each would compile the same queries anew."""

from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

from toubib.db import installation
from toubib.db.installation import Storage
from toubib.db.work import Database
from toubib.policy.reach import organisations_of

_dialects: dict[str, Dialect] = {}
_compiled: LRUCache[object, object] = LRUCache(3000)


def share_statements() -> None:
    """Let what was just started here take what others on the same kind of database compiled; it must have connected once."""
    engine = installation.database().engine
    # a compiled statement is kept by its dialect: with a dialect for each engine none would ever be found again
    engine.dialect = _dialects.setdefault(engine.dialect.name, engine.dialect)
    sharing = engine.execution_options(compiled_cache=_compiled)
    installation.use(Storage(Database(sharing, organisations_of), installation.vault()))
