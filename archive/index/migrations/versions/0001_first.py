"""The first shape of the index."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "cameras",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("latest_frame_id", sa.Integer(), nullable=True),
        sa.Column("seen_at_ms", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no"),
        sa.UniqueConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "days",
        sa.Column("camera_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("camera_no", "day"),
        sqlite_strict=True,
    )
    op.create_table(
        "boots",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("camera_no", sa.Integer(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("epoch_ms", sa.Integer(), nullable=True),
        sa.Column("epoch_uncertainty_ms", sa.Integer(), nullable=True),
        sa.Column("epoch_source", sa.Text(), nullable=True),
        sa.Column("is_ours", sa.Integer(), nullable=False),
        sa.Column("highest_number", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("first_received_at_ms", sa.Integer(), nullable=False),
        sa.Column("last_received_at_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_no"],
            ["cameras.no"],
        ),
        sa.PrimaryKeyConstraint("no"),
        sa.UniqueConstraint("camera_no", "boot"),
        sqlite_strict=True,
    )
    op.create_table(
        "changes",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("camera_no", sa.Integer(), nullable=False),
        sa.Column("frame_id", sa.Integer(), nullable=True),
        sa.Column("loss_no", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["camera_no"],
            ["cameras.no"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "keys",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("camera_no", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.Integer(), nullable=False),
        sa.Column("revoked_at_ms", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["camera_no"],
            ["cameras.no"],
        ),
        sa.PrimaryKeyConstraint("prefix"),
        sqlite_strict=True,
    )
    op.create_table(
        "losses",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("camera_no", sa.Integer(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("confessed_at_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_no"],
            ["cameras.no"],
        ),
        sa.PrimaryKeyConstraint("no"),
        sa.UniqueConstraint("camera_no", "boot", "first", "last"),
        sqlite_strict=True,
    )
    op.create_table(
        "settings",
        sa.Column("camera_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("set_at_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_no"],
            ["cameras.no"],
        ),
        sa.PrimaryKeyConstraint("camera_no", "version"),
        sqlite_strict=True,
    )
    op.create_table(
        "frames",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("camera_no", sa.Integer(), nullable=False),
        sa.Column("boot_no", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("up_ms", sa.Integer(), nullable=True),
        sa.Column("taken_at_ms", sa.Integer(), nullable=False),
        sa.Column("taken_at_source", sa.Text(), nullable=False),
        sa.Column("taken_at_uncertainty_ms", sa.Integer(), nullable=True),
        sa.Column("hangs_on_boot", sa.Integer(), nullable=False),
        sa.Column("received_at_ms", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("is_measured", sa.Integer(), nullable=False),
        sa.Column("mean_luma", sa.REAL(), nullable=True),
        sa.Column("contrast", sa.REAL(), nullable=True),
        sa.Column("difference", sa.REAL(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["boot_no"],
            ["boots.no"],
        ),
        sa.ForeignKeyConstraint(
            ["camera_no"],
            ["cameras.no"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("boot_no", "number", "sha256"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("frames_by_camera_and_time", "frames", ["camera_no", "taken_at_ms", "id"], unique=False)
    op.create_index("frames_by_time", "frames", ["taken_at_ms", "id"], unique=False)
    op.create_index(
        "frames_hanging",
        "frames",
        ["boot_no"],
        unique=False,
        sqlite_where=sa.text("hangs_on_boot = 1"),
        postgresql_where=sa.text("hangs_on_boot = 1"),
    )
    op.create_index(
        "frames_unmeasured",
        "frames",
        ["id"],
        unique=False,
        sqlite_where=sa.text("is_measured = 0"),
        postgresql_where=sa.text("is_measured = 0"),
    )
