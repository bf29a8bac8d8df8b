"""Migrations: one Alembic branch for the core and one per plugin, applied by an explicit command only."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from toubib import runtime
from toubib.db.installation import database
from toubib.db.types import Table
from toubib.db.work import require_outside

Progress = Callable[[str], None]
HERE = Path(__file__).parents[1] / "migrations"


def config() -> Config:
    """Alembic's configuration for the running installation: every listed plugin's branch beside the core's."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("path_separator", "newline")
    made.set_main_option("version_locations", "\n".join(str(p) for p in _locations()))
    return made


def _locations() -> list[Path]:
    owners = [p for p in runtime.current().registry.plugins.values() if p.info.migrations]
    return [HERE / "versions", *(Path(str(p.module.__file__)).parent / "migrations" for p in owners)]


def pending() -> Sequence[str]:
    """Revisions that are known and not applied, by id."""
    script = ScriptDirectory.from_config(config())
    with database().engine.connect() as connection:
        applied = set(MigrationContext.configure(connection).get_current_heads())
    have = {r.revision for head in applied if _known(script, head) for r in script.iterate_revisions(head, "base")}
    return sorted({r.revision for r in script.walk_revisions()} - have)


def _known(script: ScriptDirectory, revision: str) -> bool:
    return any(r.revision == revision for r in script.walk_revisions())


CORE_TIP = "core@head"


def upgrade(target: str = "heads", progress: Progress = lambda _revision: None) -> None:
    """Apply what is pending: the core's first, since plugins build on its tables; each of the two steps whole or not at all.

    `progress` hears the id of every revision once it is applied.

    Plugins state no dependency on a core revision: Alembic would then store the plugin's tip in place of the core's.
    """
    _run(CORE_TIP, up=True, progress=progress)
    if target != CORE_TIP:
        _run(target, up=True, progress=progress)


def downgrade(target: str) -> None:
    """Step a branch back, e.g. `booking@base`."""
    _run(target, up=False)


def _run(target: str, *, up: bool, progress: Progress = lambda _revision: None) -> None:
    require_outside("a migration")
    made = config()
    script = ScriptDirectory.from_config(made)

    def steps(heads: tuple[str, ...], _context: object) -> object:
        # what a plugin left that is not listed now is not ours to step
        revision = tuple(head for head in heads if _known(script, head))
        if up:
            return script._upgrade_revs(target, revision)  # type: ignore[arg-type]  # noqa: SLF001  what alembic\'s own commands call
        return script._downgrade_revs(target, revision)  # type: ignore[arg-type]  # noqa: SLF001  as above

    with database().unit_of_work() as session, EnvironmentContext(made, script, fn=steps) as environment:
        connection = session.connection()
        configure(environment, connection, progress)
        environment.run_migrations()


def configure(environment: EnvironmentContext, connection: Connection, progress: Progress = lambda _revision: None) -> None:
    """Point Alembic at a connection with the house's conventions."""
    environment.configure(
        connection=connection,
        target_metadata=Table.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transactional_ddl=True,
        transaction_per_migration=False,
        on_version_apply=lambda step, **_more: progress(str(step.up_revision_id)),
    )


def detach(name: str) -> int:
    """Forget the revisions (`NAME_0001`) of a plugin that is no longer installed; its tables stay. Returns how many were forgotten.

    Another plugin whose name goes on where this one ends keeps its own.
    """
    require_outside("detaching")
    mine = re.compile(rf"{re.escape(name)}_\d\w*")
    with database().unit_of_work() as session:
        known = session.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        gone = [revision for revision in known if mine.fullmatch(revision)]
        for revision in gone:
            session.execute(text("DELETE FROM alembic_version WHERE version_num = :revision"), {"revision": revision})
        return len(gone)
