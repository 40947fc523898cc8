"""The money ledger, what is deferred in it, and credits taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "ledger_accounts",
    "ledger_transactions",
    "ledger_entries",
    "ledger_closed_periods",
    "lot_releases",
    "ledger_recognised_days",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "code",
            sa.Enum(
                "1010",
                "1110",
                "1120",
                "1310",
                "2010",
                "2020",
                "2030",
                "2031",
                "2040",
                "2060",
                "4010",
                "4020",
                "4030",
                "4040",
                "4050",
                "4900",
                "5010",
                "5020",
                "5030",
                "5050",
                name="account_code",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_ledger_accounts_currency_iso")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint(
            "code", "subject", "currency", name=op.f("uq_ledger_accounts_code_subject_currency")
        ),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_ledger_accounts_id_currency")),
    )
    op.create_table(
        "ledger_closed_periods",
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transactions", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("last_day", name=op.f("pk_ledger_closed_periods")),
    )
    op.create_table(
        "ledger_transactions",
        sa.Column("business_key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("memo", sa.String(length=200), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("written_in", sa.BigInteger(), server_default=sa.text("txid_current()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transactions")),
        sa.UniqueConstraint("business_key", name=op.f("uq_ledger_transactions_business_key")),
    )
    op.create_index(
        "ix_ledger_transactions_posted_on", "ledger_transactions", ["posted_on", "id"], unique=False
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_ledger_entries_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["account_id", "currency"],
            ["ledger_accounts.id", "ledger_accounts.currency"],
            name="fk_ledger_entries_account_id_currency",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transactions.id"],
            name=op.f("fk_ledger_entries_transaction_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(
        "ix_ledger_entries_account_id", "ledger_entries", ["account_id", "transaction_id"], unique=False
    )
    op.create_index("ix_ledger_entries_transaction_id", "ledger_entries", ["transaction_id"], unique=False)
    op.create_table(
        "membership_terms",
        sa.Column("term_key", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("deferred_minor", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("served_until", sa.Date(), nullable=False),
        sa.Column("spread_from", sa.Date(), nullable=False),
        sa.Column("spread_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "deferred_minor BETWEEN 0 AND price_minor", name=op.f("ck_membership_terms_deferred_within_price")
        ),
        sa.CheckConstraint(
            "deferred_minor"
            " = spread_minor - spread_minor * (served_until - spread_from) / (ends_on - spread_from)",
            name=op.f("ck_membership_terms_deferred_is_unserved_days"),
        ),
        sa.CheckConstraint(
            "spread_from >= starts_on AND spread_from < ends_on",
            name=op.f("ck_membership_terms_spread_has_days"),
        ),
        sa.CheckConstraint(
            "served_until BETWEEN spread_from AND ends_on",
            name=op.f("ck_membership_terms_served_within_term"),
        ),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_membership_terms_has_days")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["credit_accounts.user_id"],
            name=op.f("fk_membership_terms_user_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("term_key", name=op.f("pk_membership_terms")),
    )
    op.create_index(
        "ix_membership_terms_open",
        "membership_terms",
        ["served_until"],
        unique=False,
        postgresql_where="deferred_minor > 0",
    )
    op.create_index("ix_membership_terms_user_id", "membership_terms", ["user_id"], unique=False)
    op.create_table(
        "credit_clawbacks",
        sa.Column("clawback_key", sa.String(length=200), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("voided_credits", sa.Integer(), nullable=False),
        sa.Column("debt_credits", sa.Integer(), nullable=False),
        sa.Column("forgiven_credits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "forgiven_credits BETWEEN 0 AND debt_credits",
            name=op.f("ck_credit_clawbacks_forgiven_within_debt"),
        ),
        sa.CheckConstraint(
            "undone_at IS NOT NULL OR forgiven_credits = 0",
            name=op.f("ck_credit_clawbacks_forgiven_when_undone"),
        ),
        sa.CheckConstraint(
            "voided_credits + debt_credits > 0", name=op.f("ck_credit_clawbacks_takes_something")
        ),
        sa.CheckConstraint(
            "voided_credits >= 0 AND debt_credits >= 0", name=op.f("ck_credit_clawbacks_parts_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["credit_lots.id"], name=op.f("fk_credit_clawbacks_lot_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["credit_accounts.user_id"],
            name=op.f("fk_credit_clawbacks_user_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("clawback_key", "lot_id", name=op.f("pk_credit_clawbacks")),
    )
    op.create_index("ix_credit_clawbacks_lot", "credit_clawbacks", ["lot_id"], unique=False)
    op.create_index("ix_credit_clawbacks_user", "credit_clawbacks", ["user_id"], unique=False)
    op.create_table(
        "paid_lots",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("deferred_minor", sa.BigInteger(), nullable=False),
        sa.Column("spent_credits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("certified_credits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expired_credits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("voided_credits", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "is_open",
            sa.Boolean(),
            sa.Computed(
                "spent_credits + certified_credits + expired_credits + voided_credits < quantity",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "deferred_minor = price_minor - price_minor * (spent_credits + certified_credits + expired_credits + voided_credits) / quantity",
            name=op.f("ck_paid_lots_deferred_is_unreleased_price"),
        ),
        sa.CheckConstraint(
            "least(spent_credits, certified_credits, expired_credits, voided_credits) >= 0",
            name=op.f("ck_paid_lots_releases_not_negative"),
        ),
        sa.CheckConstraint("quantity > 0 AND price_minor > 0", name=op.f("ck_paid_lots_sold_for_money")),
        sa.CheckConstraint(
            "spent_credits + certified_credits + expired_credits + voided_credits <= quantity",
            name=op.f("ck_paid_lots_released_within_quantity"),
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["credit_lots.id"], name=op.f("fk_paid_lots_lot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_paid_lots")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("ix_paid_lots_open", "paid_lots", ["lot_id"], unique=False, postgresql_where="is_open")
    op.create_table(
        "lot_releases",
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "spent",
                "certified",
                "expired",
                "voided",
                name="release_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "credits > 0 AND amount_minor >= 0", name=op.f("ck_lot_releases_releases_something")
        ),
        sa.PrimaryKeyConstraint("lot_id", "transaction_id", "kind", name=op.f("pk_lot_releases")),
    )
    op.create_index(
        "ix_lot_releases_transaction_id",
        "lot_releases",
        ["transaction_id"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_table(
        "ledger_recognised_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recognised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_lots", sa.Integer(), nullable=False),
        sa.Column("served_terms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ledger_recognised_days")),
    )
    for table in APPEND_ONLY:
        op.execute(
            f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
            """
        )
    _refuse_closed_days()
    _refuse_half_transactions()


def _refuse_closed_days() -> None:
    """Posting shares a lock that closing takes alone: no posting slips in beside the closing of its day."""
    op.execute(
        """
        CREATE FUNCTION refuse_closed_day() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_advisory_xact_lock_shared(hashtextextended('ledger_closing', 0));
          IF EXISTS (SELECT 1 FROM ledger_closed_periods WHERE last_day >= NEW.posted_on) THEN
            RAISE EXCEPTION 'the books of % are closed', NEW.posted_on
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transactions_open_day';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER ledger_transactions_open_day BEFORE INSERT ON ledger_transactions
        FOR EACH ROW EXECUTE FUNCTION refuse_closed_day()
        """
    )


def _refuse_half_transactions() -> None:
    """At the commit: the entries of a transaction are there, cancel out, and none joins it later."""
    op.execute(
        """
        CREATE FUNCTION refuse_half_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          whole uuid;
        BEGIN
          IF TG_TABLE_NAME = 'ledger_entries' THEN whole := NEW.transaction_id; ELSE whole := NEW.id; END IF;
          IF (SELECT written_in FROM ledger_transactions WHERE id = whole) <> txid_current() THEN
            RAISE EXCEPTION 'ledger transaction % was complete before', whole
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_join_no_old_transaction';
          END IF;
          IF (SELECT count(*) FROM ledger_entries WHERE transaction_id = whole) < 2 OR EXISTS (
            SELECT 1 FROM ledger_entries WHERE transaction_id = whole
            GROUP BY currency HAVING sum(amount_minor) <> 0
          ) THEN
            RAISE EXCEPTION 'ledger transaction % does not balance', whole
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transactions_balance';
          END IF;
          RETURN NULL;
        END $$
        """
    )
    for table in ("ledger_transactions", "ledger_entries"):
        op.execute(
            f"""
            CREATE CONSTRAINT TRIGGER {table}_balance AFTER INSERT ON {table}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_half_transaction()
            """
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("ledger_recognised_days")
    op.drop_index("ix_lot_releases_transaction_id", table_name="lot_releases", postgresql_using="brin")
    op.drop_table("lot_releases")
    op.drop_index("ix_paid_lots_open", table_name="paid_lots", postgresql_where="is_open")
    op.drop_table("paid_lots")
    op.drop_index("ix_credit_clawbacks_user", table_name="credit_clawbacks")
    op.drop_index("ix_credit_clawbacks_lot", table_name="credit_clawbacks")
    op.drop_table("credit_clawbacks")
    op.drop_index("ix_membership_terms_user_id", table_name="membership_terms")
    op.drop_index(
        "ix_membership_terms_open", table_name="membership_terms", postgresql_where="deferred_minor > 0"
    )
    op.drop_table("membership_terms")
    op.drop_index("ix_ledger_entries_transaction_id", table_name="ledger_entries")
    op.drop_index("ix_ledger_entries_account_id", table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_index("ix_ledger_transactions_posted_on", table_name="ledger_transactions")
    op.drop_table("ledger_transactions")
    op.drop_table("ledger_closed_periods")
    op.drop_table("ledger_accounts")
    op.execute("DROP FUNCTION refuse_half_transaction")
    op.execute("DROP FUNCTION refuse_closed_day")
