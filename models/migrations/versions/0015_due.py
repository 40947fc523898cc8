"""What is due, waiting or left over is found by an index of its own, not among all that ever was.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _index_queue("fair_time", "id", "kind")
    op.create_index(
        "ix_helps_waiting", "helps", ["link_id"], postgresql_where=sa.text("state IN ('pending', 'held')")
    )
    op.drop_index("ix_helps_created_at", table_name="helps")
    op.create_index(
        "ix_helps_devices", "helps", ["created_at"], postgresql_where=sa.text("device_key IS NOT NULL")
    )
    op.create_index(
        "ix_memberships_due",
        "memberships",
        [sa.text("least(period_end, grace_ends_at)")],
        postgresql_where=sa.text("state <> 'ended'"),
    )
    op.create_index(
        "ix_orders_lost_works",
        "orders",
        ["id"],
        postgresql_where=sa.text("state IN ('refunded', 'disputed') AND subject_id IS NOT NULL"),
    )
    op.create_index("ix_letters_created_at", "letters", ["created_at"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_letters_created_at", table_name="letters")
    op.drop_index("ix_orders_lost_works", table_name="orders")
    op.drop_index("ix_memberships_due", table_name="memberships")
    op.drop_index("ix_helps_devices", table_name="helps")
    op.create_index("ix_helps_created_at", "helps", ["created_at"])
    op.drop_index("ix_helps_waiting", table_name="helps")
    _index_queue("fair_time", "id")


def _index_queue(*columns: str) -> None:
    op.drop_index("ix_generations_queue", table_name="generations")
    op.create_index(
        "ix_generations_queue", "generations", list(columns), postgresql_where=sa.text("state = 'queued'")
    )
