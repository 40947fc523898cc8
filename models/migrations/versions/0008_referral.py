"""Unlock links, helps, campaigns and what is known of their risk."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
