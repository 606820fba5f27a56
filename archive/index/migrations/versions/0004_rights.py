"""Who is let in: the owner's password and sessions, share links, when a key was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("archive", sa.Column("password", sa.Text(), nullable=True))
    op.add_column("keys", sa.Column("used_at_ms", sa.Integer(), nullable=True))
    op.add_column("keys", sa.Column("renewal_asked_at_ms", sa.Integer(), nullable=True))
    op.create_table(
        "sessions",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at_ms", sa.Integer(), nullable=False),
        sa.Column("used_at_ms", sa.Integer(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
        sqlite_strict=True,
    )
    op.create_table(
        "shares",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("camera", sa.Text(), nullable=True),
        sa.Column("after_ms", sa.Integer(), nullable=True),
        sa.Column("before_ms", sa.Integer(), nullable=True),
        sa.Column("created_at_ms", sa.Integer(), nullable=False),
        sa.Column("expires_at_ms", sa.Integer(), nullable=True),
        sa.Column("revoked_at_ms", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("no"),
        sa.UniqueConstraint("sha256"),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
