"""Orders and what becomes of their money; an inbox for what payment channels tell us."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "inbox_events",
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=True),
        sa.Column("object_id", sa.String(length=255), nullable=True),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("envelope", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "handled",
                "ignored",
                "dead",
                name="inbox_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state IN ('waiting')) = (next_attempt_at IS NOT NULL)",
            name=op.f("ck_inbox_events_waiting_has_time"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_inbox_events_attempts_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_events")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_inbox_events_source_external_id")),
    )
    op.create_index("ix_inbox_events_state", "inbox_events", ["state", "id"], unique=False)
    op.create_index(
        "ix_inbox_events_waiting",
        "inbox_events",
        ["next_attempt_at"],
        unique=False,
        postgresql_where="state = 'waiting'",
    )
    op.create_table(
        "orders",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_region", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("price_key", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("base_url", sa.String(length=300), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "created",
                "pending",
                "paid",
                "expired",
                "failed",
                "refunded",
                "disputed",
                name="order_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("checkout_id", sa.String(length=255), nullable=True),
        sa.Column("checkout_url", sa.String(length=2000), nullable=True),
        sa.Column("payment_id", sa.String(length=255), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trusted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state IN ('paid', 'refunded', 'disputed')) = (paid_at IS NOT NULL)",
            name=op.f("ck_orders_paid_has_time"),
        ),
        sa.CheckConstraint(
            "state <> 'pending' OR checkout_id IS NOT NULL", name=op.f("ck_orders_pending_has_checkout")
        ),
        sa.CheckConstraint("(paid_at IS NULL) = (lot_id IS NULL)", name=op.f("ck_orders_paid_has_lot")),
        sa.CheckConstraint(
            "amount_minor > 0 AND credits > 0 AND days > 0", name=op.f("ck_orders_sells_something")
        ),
        sa.CheckConstraint(
            "refunded_minor BETWEEN 0 AND amount_minor", name=op.f("ck_orders_refunded_within_amount")
        ),
        sa.CheckConstraint("tax_minor BETWEEN 0 AND amount_minor", name=op.f("ck_orders_tax_within_amount")),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["credit_lots.id"], name=op.f("fk_orders_lot_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["credit_accounts.user_id"], name=op.f("fk_orders_owner_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("channel", "checkout_id", name=op.f("uq_orders_channel_checkout_id")),
        sa.UniqueConstraint("channel", "payment_id", name=op.f("uq_orders_channel_payment_id")),
        sa.UniqueConstraint("owner_id", "idempotency_key", name=op.f("uq_orders_owner_id_idempotency_key")),
    )
    op.create_index(
        "ix_orders_open",
        "orders",
        ["expires_at"],
        unique=False,
        postgresql_where="state IN ('created', 'pending')",
    )
    op.create_index("ix_orders_owner_id", "orders", ["owner_id", "id"], unique=False)
    op.create_table(
        "order_disputes",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("dispute_id", sa.String(length=255), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "inquiry",
                "open",
                "won",
                "lost",
                name="dispute_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_disputes_order_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("channel", "dispute_id", name=op.f("pk_order_disputes")),
    )
    op.create_index("ix_order_disputes_order_id", "order_disputes", ["order_id"], unique=False)
    op.create_table(
        "order_refunds",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("refund_id", sa.String(length=255), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "succeeded",
                "failed",
                name="refund_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_order_refunds_returns_something")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_refunds_order_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("channel", "refund_id", name=op.f("pk_order_refunds")),
    )
    op.create_index("ix_order_refunds_order_id", "order_refunds", ["order_id"], unique=False)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_order_refunds_order_id", table_name="order_refunds")
    op.drop_table("order_refunds")
    op.drop_index("ix_order_disputes_order_id", table_name="order_disputes")
    op.drop_table("order_disputes")
    op.drop_index("ix_orders_owner_id", table_name="orders")
    op.drop_index("ix_orders_open", table_name="orders", postgresql_where="state IN ('created', 'pending')")
    op.drop_table("orders")
    op.drop_index("ix_inbox_events_waiting", table_name="inbox_events", postgresql_where="state = 'waiting'")
    op.drop_index("ix_inbox_events_state", table_name="inbox_events")
    op.drop_table("inbox_events")
