"""Rooms, seats and tokens."""

import sqlalchemy as sa
from alembic import op

from toubib.db import UTCDateTime

revision = "video_webrtc_0001"
down_revision = None
branch_labels = ("video_webrtc",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "video_webrtc_room",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_video_webrtc_room"),
    )
    op.create_index("ix_video_webrtc_room_closed_at", "video_webrtc_room", ["closed_at"])
    op.create_index("ix_video_webrtc_room_encounter_id", "video_webrtc_room", ["encounter_id"])
    op.create_table(
        "video_webrtc_seat",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_video_webrtc_seat"),
        sa.ForeignKeyConstraint(["room_id"], ["video_webrtc_room.id"], name="fk_video_webrtc_seat_room_id"),
        sa.UniqueConstraint("room_id", "number", name="uq_video_webrtc_seat_room_id_number"),
        sa.UniqueConstraint("room_id", "member_id", name="uq_video_webrtc_seat_room_id_member_id"),
    )
    op.create_index("ix_video_webrtc_seat_room_id", "video_webrtc_seat", ["room_id"])
    op.create_index("ix_video_webrtc_seat_member_id", "video_webrtc_seat", ["member_id"])
    op.create_table(
        "video_webrtc_token",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_video_webrtc_token"),
        sa.ForeignKeyConstraint(["room_id"], ["video_webrtc_room.id"], name="fk_video_webrtc_token_room_id"),
        sa.UniqueConstraint("token_hash", name="uq_video_webrtc_token_token_hash"),
    )
    op.create_index("ix_video_webrtc_token_room_id", "video_webrtc_token", ["room_id"])
    op.create_index("ix_video_webrtc_token_member_id", "video_webrtc_token", ["member_id"])
    op.create_index("ix_video_webrtc_token_expires_at", "video_webrtc_token", ["expires_at"])


def downgrade() -> None:
    for table in ("video_webrtc_token", "video_webrtc_seat", "video_webrtc_room"):
        op.drop_table(table)
