"""Credits that are paid when their buyer has left go back, as months in advance do.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    _return("item !~ '^pack' OR return_reason = 'account_closed'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute(
        "UPDATE orders SET return_reason = NULL, returned_at = NULL, return_due_at = NULL, return_attempts = 0"
        " WHERE item ~ '^pack'"
    )
    _return("item !~ '^pack'")


def _return(what: str) -> None:
    name = op.f("ck_orders_returns_what_is_paid")
    op.drop_constraint(name, "orders", type_="check")
    condition = f"return_reason IS NULL OR (paid_at IS NOT NULL AND ({what}))"
    op.create_check_constraint(name, "orders", sa.text(condition))
