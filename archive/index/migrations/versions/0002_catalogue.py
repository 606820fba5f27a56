"""What the catalogue asks for: the colour of a frame, which frames are not whole, a day's quarter hours."""

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
    # A worker looks at old frames again, in quiet moments: only the pictures tell their colour and their verdict.
    op.execute("UPDATE frames SET is_measured = 0 WHERE verdict != 'undecodable'")
