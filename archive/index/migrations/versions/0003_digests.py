"""What imports ask for: the frames of a camera by their digest."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("frames_by_digest", "frames", ["camera_no", "sha256"], unique=False)
