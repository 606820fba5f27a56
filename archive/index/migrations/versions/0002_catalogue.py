"""What the catalogue asks for: the colour of a frame, which are not whole, a day's quarter hours, gaps."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("frames", sa.Column("colour", sa.Integer(), nullable=True))
    op.add_column("frames", sa.Column("green", sa.REAL(), nullable=True))
    for name, columns in (
        ("frames_judged", ["taken_at_ms", "id"]),
        ("frames_judged_by_camera", ["camera_no", "taken_at_ms", "id"]),
    ):
        judged = sa.text("verdict != 'whole'")
        op.create_index(name, "frames", columns, unique=False, sqlite_where=judged, postgresql_where=judged)
    op.drop_table("days")  # counted anew from the frames
    op.create_table(
        "days",
        sa.Column("camera_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("quarters", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("camera_no", "day"),
        sqlite_strict=True,
    )
    op.add_column("cameras", sa.Column("missing", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("cameras", sa.Column("confessed", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "gaps",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("camera_no", sa.Integer(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("loss_no", sa.Integer(), nullable=True),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["camera_no"], ["cameras.no"]),
        sa.PrimaryKeyConstraint("no"),
        sa.UniqueConstraint("camera_no", "boot", "first"),
        sqlite_strict=True,
    )
    op.create_index("gaps_by_camera", "gaps", ["camera_no", "at_ms", "no"], unique=False)
    # A worker looks at old frames again, in quiet moments: only the pictures tell their colour and their verdict.
    op.execute("UPDATE frames SET is_measured = 0 WHERE verdict != 'undecodable'")
