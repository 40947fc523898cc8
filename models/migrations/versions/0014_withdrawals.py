"""What a buyer used before taking a purchase back stays paid; what must go back is asked for again.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CHECKS = {
    "kept_of_withdrawn": "kept_minor BETWEEN 0 AND amount_minor"
    " AND (kept_minor = 0 OR return_reason = 'withdrawn')",
    "returns_tried_for_a_reason": "return_attempts >= 0"
    " AND (return_attempts = 0 OR return_reason IS NOT NULL)",
}
LETTERS = (
    "order_confirmed",
    "order_returned",
    "renewal_due",
    "ending_due",
    "payment_failed",
    "membership_ended",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("orders", sa.Column("kept_minor", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "orders", sa.Column("return_attempts", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.add_column("orders", sa.Column("return_due_at", sa.DateTime(timezone=True), nullable=True))
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_orders_{name}"), "orders", sa.text(condition))
    _index_returns("return_reason IS NOT NULL AND state = 'paid'")
    _allow_letters(*LETTERS, "order_withdrawn")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DELETE FROM letters WHERE kind = 'order_withdrawn'")
    _allow_letters(*LETTERS)
    _index_returns("return_reason IS NOT NULL AND returned_at IS NULL")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_orders_{name}"), "orders", type_="check")
    for column in ("return_due_at", "return_attempts", "kept_minor"):
        op.drop_column("orders", column)


def _index_returns(condition: str) -> None:
    op.drop_index("ix_orders_to_return", table_name="orders")
    op.create_index("ix_orders_to_return", "orders", ["id"], postgresql_where=sa.text(condition))


def _allow_letters(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_letters_letter_kind"), "letters", type_="check")
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    op.create_check_constraint(op.f("ck_letters_letter_kind"), "letters", sa.text(f"kind IN ({listed})"))
