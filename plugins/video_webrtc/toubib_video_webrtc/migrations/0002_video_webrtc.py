"""Tokens remember the session or link for which they were given, so that revoking it ends their sockets."""

import sqlalchemy as sa
from alembic import op

revision = "video_webrtc_0002"
down_revision = "video_webrtc_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("video_webrtc_token", sa.Column("credential", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("video_webrtc_token") as table:
        table.drop_column("credential")
