"""Unlock links, their helps and rewards, and the campaigns of operators."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "programme_months",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("used_credits", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used_credits >= 0", name=op.f("ck_programme_months_used_not_negative")),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_programme_months")),
    )
    op.create_table(
        "campaigns",
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "running",
                "stopped",
                name="campaign_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "audience",
            sa.Enum(
                "everyone",
                "free",
                "members",
                name="audience",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("channels", postgresql.ARRAY(sa.String(length=32)), nullable=True),
        sa.Column("terms_a", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("terms_b", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("share_b_percent", sa.SmallInteger(), nullable=False),
        sa.Column("budget_credits", sa.BigInteger(), nullable=False),
        sa.Column("used_credits", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "share_b_percent BETWEEN 0 AND 100 AND (terms_b IS NOT NULL) = (share_b_percent > 0)",
            name=op.f("ck_campaigns_share_is_of_b"),
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_campaigns_lasts")),
        sa.CheckConstraint(
            "used_credits BETWEEN 0 AND budget_credits", name=op.f("ck_campaigns_used_within_budget")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_campaigns_created_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["users.id"], name=op.f("fk_campaigns_updated_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint(
            "created_by", "idempotency_key", name=op.f("uq_campaigns_created_by_idempotency_key")
        ),
    )
    op.create_index(
        "ix_campaigns_running", "campaigns", ["starts_at"], unique=False, postgresql_where="state = 'running'"
    )
    op.create_table(
        "channel_switches",
        sa.Column(
            "channel",
            sa.Enum(
                "link",
                "poster",
                "wechat",
                "qq",
                "weibo",
                "whatsapp",
                "x",
                "email",
                name="share_channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("reason_zh", sa.String(length=300), nullable=False),
        sa.Column("reason_en", sa.String(length=300), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["users.id"], name=op.f("fk_channel_switches_changed_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_switches")),
    )
    op.create_table(
        "help_days",
        sa.Column("helper_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken > 0", name=op.f("ck_help_days_taken_positive")),
        sa.ForeignKeyConstraint(
            ["helper_id"], ["users.id"], name=op.f("fk_help_days_helper_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("helper_id", "day", name=op.f("pk_help_days")),
    )
    op.create_table(
        "payment_marks",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_payment_marks_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_payment_marks")),
    )
    op.create_table(
        "unlock_links",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("variant", sa.String(length=1), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "link",
                "poster",
                "wechat",
                "qq",
                "weibo",
                "whatsapp",
                "x",
                "email",
                name="share_channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asker_name", sa.String(length=40), nullable=True),
        sa.Column("work_id", sa.Uuid(), nullable=True),
        sa.Column("goal", sa.Integer(), nullable=False),
        sa.Column("weight_new", sa.SmallInteger(), nullable=False),
        sa.Column("weight_existing", sa.SmallInteger(), nullable=False),
        sa.Column("reward_credits", sa.Integer(), nullable=False),
        sa.Column("reward_days", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "rewarded",
                "expired",
                "revoked",
                name="link_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.Column("views_batch", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("budget_month", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (ended_at IS NULL)", name=op.f("ck_unlock_links_ended_has_time")
        ),
        sa.CheckConstraint(
            "released_at IS NULL OR (reserved_at IS NOT NULL AND state IN ('expired', 'revoked'))",
            name=op.f("ck_unlock_links_released_when_unpaid"),
        ),
        sa.CheckConstraint(
            "state <> 'rewarded' OR (reserved_at IS NOT NULL AND released_at IS NULL)",
            name=op.f("ck_unlock_links_rewarded_from_budget"),
        ),
        sa.CheckConstraint(
            "state <> 'rewarded' OR progress >= goal", name=op.f("ck_unlock_links_rewarded_met_its_goal")
        ),
        sa.CheckConstraint(
            "(reserved_at IS NULL) = (budget_month IS NULL)",
            name=op.f("ck_unlock_links_reserved_from_a_month"),
        ),
        sa.CheckConstraint("goal BETWEEN 1 AND 1000000", name=op.f("ck_unlock_links_goal_bounded")),
        sa.CheckConstraint(
            "progress >= 0 AND views >= 0 AND version >= 0", name=op.f("ck_unlock_links_counts_not_negative")
        ),
        sa.CheckConstraint(
            "reward_credits > 0 AND reward_days > 0 AND seats > 0",
            name=op.f("ck_unlock_links_terms_positive"),
        ),
        sa.CheckConstraint(
            "weight_new BETWEEN 1 AND 100 AND weight_existing BETWEEN 1 AND 100",
            name=op.f("ck_unlock_links_weights_bounded"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_unlock_links_campaign_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_unlock_links_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["work_id"], ["works.id"], name=op.f("fk_unlock_links_work_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unlock_links")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_unlock_links_code_hash")),
        sa.UniqueConstraint("id", "owner_id", name=op.f("uq_unlock_links_id_owner_id")),
        sa.UniqueConstraint(
            "owner_id", "idempotency_key", name=op.f("uq_unlock_links_owner_id_idempotency_key")
        ),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_unlock_links_campaign_id", "unlock_links", ["campaign_id", "id"], unique=False)
    op.create_index("ix_unlock_links_created_at", "unlock_links", ["created_at"], unique=False)
    op.create_index(
        "ix_unlock_links_open",
        "unlock_links",
        ["expires_at"],
        unique=False,
        postgresql_where="state = 'open'",
    )
    op.create_index("ix_unlock_links_owner_id", "unlock_links", ["owner_id", "id"], unique=False)
    op.create_table(
        "helps",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("helper_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.Column("device_key", sa.LargeBinary(), nullable=True),
        sa.Column("page_nonce", sa.LargeBinary(), nullable=False),
        sa.Column("page_issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seat", sa.SmallInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "held",
                "qualified",
                "rewarded",
                "denied",
                "lapsed",
                "revoked",
                name="help_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("qualified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "counted_at IS NULL OR state IN ('qualified', 'rewarded')",
            name=op.f("ck_helps_counted_is_qualified"),
        ),
        sa.CheckConstraint(
            "state <> 'rewarded' OR counted_at IS NOT NULL", name=op.f("ck_helps_rewarded_was_counted")
        ),
        sa.CheckConstraint("state = 'denied' OR seat IS NOT NULL", name=op.f("ck_helps_accepted_has_seat")),
        sa.CheckConstraint(
            "state NOT IN ('qualified', 'rewarded') OR qualified_at IS NOT NULL",
            name=op.f("ck_helps_qualified_has_time"),
        ),
        sa.CheckConstraint("helper_id <> owner_id", name=op.f("ck_helps_never_ones_own")),
        sa.CheckConstraint("level = 1", name=op.f("ck_helps_one_level")),
        sa.CheckConstraint("weight > 0", name=op.f("ck_helps_weight_positive")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["users.id"], name=op.f("fk_helps_decided_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["helper_id"], ["users.id"], name=op.f("fk_helps_helper_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["link_id", "owner_id"],
            ["unlock_links.id", "unlock_links.owner_id"],
            name=op.f("fk_helps_link_id_owner_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helps")),
        sa.UniqueConstraint("link_id", "device_key", name=op.f("uq_helps_link_id_device_key")),
        sa.UniqueConstraint("link_id", "helper_id", name=op.f("uq_helps_link_id_helper_id")),
        sa.UniqueConstraint("page_nonce", name=op.f("uq_helps_page_nonce")),
    )
    op.create_index("ix_helps_created_at", "helps", ["created_at"], unique=False)
    op.create_index("ix_helps_held", "helps", ["id"], unique=False, postgresql_where="state = 'held'")
    op.create_index("ix_helps_helper_id", "helps", ["helper_id", "created_at"], unique=False)
    op.create_index("ix_helps_owner_id", "helps", ["owner_id", "created_at"], unique=False)
    op.create_index(
        "ix_helps_pending", "helps", ["helper_id"], unique=False, postgresql_where="state = 'pending'"
    )
    op.create_index(
        "ix_helps_uncounted",
        "helps",
        ["link_id"],
        unique=False,
        postgresql_where="state = 'qualified' AND counted_at IS NULL",
    )
    op.create_table(
        "link_rewards",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("credits > 0", name=op.f("ck_link_rewards_credits_positive")),
        sa.ForeignKeyConstraint(
            ["link_id", "owner_id"],
            ["unlock_links.id", "unlock_links.owner_id"],
            name=op.f("fk_link_rewards_link_id_owner_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["credit_lots.id"], name=op.f("fk_link_rewards_lot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_link_rewards")),
        sa.UniqueConstraint("lot_id", name=op.f("uq_link_rewards_lot_id")),
    )
    op.create_index("ix_link_rewards_created_at", "link_rewards", ["created_at"], unique=False)
    op.create_index("ix_link_rewards_owner_id", "link_rewards", ["owner_id", "created_at"], unique=False)
    op.create_table(
        "unlock_link_seats",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken BETWEEN 0 AND seats", name=op.f("ck_unlock_link_seats_taken_within_seats")),
        sa.ForeignKeyConstraint(
            ["link_id"], ["unlock_links.id"], name=op.f("fk_unlock_link_seats_link_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("link_id", "shard", name=op.f("pk_unlock_link_seats")),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("unlock_link_seats")
    op.drop_index("ix_link_rewards_owner_id", table_name="link_rewards")
    op.drop_index("ix_link_rewards_created_at", table_name="link_rewards")
    op.drop_table("link_rewards")
    op.drop_index(
        "ix_helps_uncounted",
        table_name="helps",
        postgresql_where="state = 'qualified' AND counted_at IS NULL",
    )
    op.drop_index("ix_helps_pending", table_name="helps", postgresql_where="state = 'pending'")
    op.drop_index("ix_helps_owner_id", table_name="helps")
    op.drop_index("ix_helps_helper_id", table_name="helps")
    op.drop_index("ix_helps_held", table_name="helps", postgresql_where="state = 'held'")
    op.drop_index("ix_helps_created_at", table_name="helps")
    op.drop_table("helps")
    op.drop_index("ix_unlock_links_owner_id", table_name="unlock_links")
    op.drop_index("ix_unlock_links_open", table_name="unlock_links", postgresql_where="state = 'open'")
    op.drop_index("ix_unlock_links_created_at", table_name="unlock_links")
    op.drop_index("ix_unlock_links_campaign_id", table_name="unlock_links")
    op.drop_table("unlock_links")
    op.drop_table("payment_marks")
    op.drop_table("help_days")
    op.drop_table("channel_switches")
    op.drop_index("ix_campaigns_running", table_name="campaigns", postgresql_where="state = 'running'")
    op.drop_table("campaigns")
    op.drop_table("programme_months")
