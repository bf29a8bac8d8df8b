"""The core's first tables and guards."""

from alembic import op

from toubib.db import guards, tables
from toubib.db.types import Table

revision = "core_0001"
down_revision = None
branch_labels = ("core",)
depends_on = None

CORE_TABLES = [t for t in Table.metadata.sorted_tables if tables.__name__]


def upgrade() -> None:
    """Create every core table, then what the database itself refuses."""
    bind = op.get_bind()
    names = {m.class_.__tablename__ for m in Table._sa_registry.mappers if m.class_.__module__.startswith("toubib.")}
    Table.metadata.create_all(bind, tables=[t for t in Table.metadata.sorted_tables if t.name in names])
    guards.install(bind)


def downgrade() -> None:
    """There is nothing before the first migration."""
    raise NotImplementedError("the core cannot be removed")
