"""The migrations and the tables of the code say the same, on every database, for the core and every plugin."""

from collections.abc import Callable

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from toubib.db import database
from toubib.db.types import Table
from toubib.plugins import available
from toubib.runtime import Toubib

BY_HAND = {"state_move", "alembic_version"}


def _ignored(name: str | None, kind: str, reflected: bool) -> bool:  # noqa: FBT001  alembic's signature
    return kind == "table" and reflected and (name in BY_HAND or (name or "").startswith("drugs_fr_"))


def test_models_and_migrations_agree(installation: Callable[..., Toubib]) -> None:
    installation(*sorted(available()))
    with database().engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": lambda _o, name, kind, reflected, _other: not _ignored(name, kind, reflected)}
        )
        differences = [d for d in compare_metadata(context, Table.metadata) if "drugs_fr" not in str(d)]
    assert differences == []
