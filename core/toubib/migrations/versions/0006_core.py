"""A claim that more items join may be held again, or be ready at once after it was held."""

from alembic import op

from toubib.db import guards

revision = "core_0006"
down_revision = "core_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write the legal moves anew."""
    guards.install_state_moves(op.get_bind())


def downgrade() -> None:
    """The core cannot be removed."""
    raise NotImplementedError("the core cannot be removed")
