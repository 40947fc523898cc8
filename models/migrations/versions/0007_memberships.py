"""Memberships: who has one, what each payment bought, and who has had a cheaper first month."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RETURN_REASONS = ("first_month_taken", "already_member", "account_closed", "undelivered", "withdrawn")
ITEM = "item ~ '^(pack:[a-z]+|membership:[a-z]+|months:[a-z]+:[0-9]+|certification)$'"
SELLS = (
    "amount_minor > 0 AND credits >= 0 AND days >= 0"
    " AND (item LIKE 'pack:%') = (credits > 0) AND (item LIKE 'pack:%') = (days > 0)"
)


def stored_enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column("credit_accounts", sa.Column("tier_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("credit_accounts", sa.Column("free_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_credit_accounts_tier_until",
        "credit_accounts",
        ["tier_until"],
        unique=False,
        postgresql_where="tier_until IS NOT NULL",
    )
    _generalise_orders()
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("tier", sa.String(length=32), nullable=False),
        sa.Column(
            "state",
            stored_enum("membership_state", "active", "past_due", "unpaid", "ended"),
            nullable=False,
        ),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subscription_id", sa.String(length=255), nullable=True),
        sa.Column("customer_id", sa.String(length=255), nullable=True),
        sa.Column("subscription_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal_minor", sa.BigInteger(), nullable=True),
        sa.Column("anchor_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancels_at_period_end", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("scheduled_tier", sa.String(length=32), nullable=True),
        sa.Column("is_change_pending", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("grace_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "end_reason",
            stored_enum("membership_end", "cancelled", "unpaid", "refunded", "over"),
            nullable=True,
        ),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noticed_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "period_start < period_end AND period_end <= paid_until",
            name=op.f("ck_memberships_period_is_paid"),
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_memberships_ended_has_time")
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (end_reason IS NOT NULL)", name=op.f("ck_memberships_ended_has_reason")
        ),
        sa.CheckConstraint(
            "state NOT IN ('past_due', 'unpaid') OR grace_ends_at IS NOT NULL",
            name=op.f("ck_memberships_due_has_grace"),
        ),
        sa.CheckConstraint(
            "subscription_id IS NOT NULL OR (state IN ('active', 'ended') AND scheduled_tier IS NULL)",
            name=op.f("ck_memberships_prepaid_owes_nothing"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["credit_accounts.user_id"], name=op.f("fk_memberships_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint(
            "channel", "subscription_id", name=op.f("uq_memberships_channel_subscription_id")
        ),
    )
    op.create_index(
        "uq_memberships_live",
        "memberships",
        ["user_id"],
        unique=True,
        postgresql_where="state <> 'ended'",
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id", "id"], unique=False)
    op.create_index(
        "ix_memberships_paid_until",
        "memberships",
        ["paid_until"],
        unique=False,
        postgresql_where="state <> 'ended'",
    )
    op.create_table(
        "membership_periods",
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("invoice_id", sa.String(length=255), nullable=False),
        sa.Column("kind", stored_enum("period_kind", "month", "upgrade", "prepaid"), nullable=False),
        sa.Column("tier", sa.String(length=32), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_membership_periods_period_not_empty")),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["memberships.id"],
            name=op.f("fk_membership_periods_membership_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_membership_periods_order_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_periods")),
        sa.UniqueConstraint("channel", "invoice_id", name=op.f("uq_membership_periods_channel_invoice_id")),
        sa.UniqueConstraint("order_id", name=op.f("uq_membership_periods_order_id")),
    )
    op.create_index(
        "ix_membership_periods_membership_id",
        "membership_periods",
        ["membership_id", "starts_at"],
        unique=False,
    )
    op.create_table(
        "first_month_claims",
        sa.Column("kind", stored_enum("claim_kind", "account", "contact", "card"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_first_month_claims_order_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("pk_first_month_claims")),
    )
    op.create_index("ix_first_month_claims_order_id", "first_month_claims", ["order_id"], unique=False)


def _generalise_orders() -> None:
    op.add_column("orders", sa.Column("subject_id", sa.Uuid(), nullable=True))
    op.add_column(
        "orders",
        sa.Column("is_first_month", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("orders", sa.Column("consent_version", sa.String(length=64), nullable=True))
    op.add_column("orders", sa.Column("subscription_id", sa.String(length=255), nullable=True))
    op.add_column(
        "orders",
        sa.Column("return_reason", stored_enum("return_reason", *RETURN_REASONS), nullable=True),
    )
    op.add_column("orders", sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("ck_orders_sells_something"), "orders", type_="check")
    op.drop_constraint(op.f("ck_orders_paid_has_lot"), "orders", type_="check")
    for name, condition in (
        ("item_known", ITEM),
        ("sells_something", SELLS),
        ("certifies_a_work", "(item = 'certification') = (subject_id IS NOT NULL)"),
        ("first_month_of_membership", "item LIKE 'membership:%' OR NOT is_first_month"),
        ("membership_renews", "item LIKE 'membership:%' OR subscription_id IS NULL"),
        ("returns_what_is_paid", "return_reason IS NULL OR (paid_at IS NOT NULL AND item !~ '^pack')"),
        ("returned_for_a_reason", "returned_at IS NULL OR return_reason IS NOT NULL"),
        ("paid_pack_has_lot", "(paid_at IS NOT NULL AND item LIKE 'pack:%') = (lot_id IS NOT NULL)"),
    ):
        op.create_check_constraint(op.f(f"ck_orders_{name}"), "orders", sa.text(condition))
    op.create_index(
        "ix_orders_to_return",
        "orders",
        ["id"],
        unique=False,
        postgresql_where="return_reason IS NOT NULL AND returned_at IS NULL",
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("first_month_claims")
    op.drop_table("membership_periods")
    op.drop_table("memberships")
    op.drop_index("ix_orders_to_return", table_name="orders")
    for name in (
        "item_known",
        "sells_something",
        "certifies_a_work",
        "first_month_of_membership",
        "membership_renews",
        "returns_what_is_paid",
        "returned_for_a_reason",
        "paid_pack_has_lot",
    ):
        op.drop_constraint(op.f(f"ck_orders_{name}"), "orders", type_="check")
    for name in (
        "returned_at",
        "return_reason",
        "subscription_id",
        "consent_version",
        "is_first_month",
        "subject_id",
    ):
        op.drop_column("orders", name)
    op.create_check_constraint(
        op.f("ck_orders_paid_has_lot"), "orders", sa.text("(paid_at IS NULL) = (lot_id IS NULL)")
    )
    op.create_check_constraint(
        op.f("ck_orders_sells_something"),
        "orders",
        sa.text("amount_minor > 0 AND credits > 0 AND days > 0"),
    )
    op.drop_index("ix_credit_accounts_tier_until", table_name="credit_accounts")
    op.drop_column("credit_accounts", "free_until")
    op.drop_column("credit_accounts", "tier_until")
