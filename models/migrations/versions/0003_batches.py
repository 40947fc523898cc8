"""Batches: rows, their jobs, and holds that are decided share by share."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BATCH_STATES = ("quoted", "running", "done", "cancelled", "expired")
ARCHIVE_STATES = ("none", "due", "ready", "failed")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "batches",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", _enum("batch_state", BATCH_STATES), nullable=False),
        sa.Column("template", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_good", sa.Integer(), nullable=False),
        sa.Column("unit_price_credits", sa.Integer(), nullable=False),
        sa.Column("price_credits", sa.Integer(), nullable=False),
        sa.Column("start_key", sa.String(length=255), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archive_state", _enum("archive_state", ARCHIVE_STATES), nullable=False),
        sa.Column("archive_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("object_key", sa.String(length=300), nullable=True),
        sa.Column("archive_bytes", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "rows_good BETWEEN 0 AND rows_total", name=op.f("ck_batches_good_within_total")
        ),
        sa.CheckConstraint(
            "price_credits = rows_good * unit_price_credits", name=op.f("ck_batches_price_is_of_good_rows")
        ),
        sa.CheckConstraint(
            "state <> 'running' OR started_at IS NOT NULL", name=op.f("ck_batches_running_was_started")
        ),
        sa.CheckConstraint(
            "(state IN ('quoted', 'running')) = (finished_at IS NULL)",
            name=op.f("ck_batches_finished_when_ended"),
        ),
        sa.CheckConstraint(
            "(archive_state = 'ready') = (object_key IS NOT NULL)", name=op.f("ck_batches_ready_has_object")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["credit_accounts.user_id"],
            name=op.f("fk_batches_owner_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("owner_id", "idempotency_key", name=op.f("uq_batches_owner_id_idempotency_key")),
    )
    op.create_index("ix_batches_owner_id", "batches", ["owner_id", "id"], unique=False)
    op.create_index(
        "ix_batches_quotes", "batches", ["expires_at"], unique=False, postgresql_where="state = 'quoted'"
    )
    op.create_index(
        "ix_batches_archives",
        "batches",
        ["archive_attempts", "id"],
        unique=False,
        postgresql_where="archive_state = 'due'",
    )
    op.create_table(
        "batch_rows",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("spec", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(spec IS NULL) <> (problems IS NULL)", name=op.f("ck_batch_rows_good_or_bad")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_rows_batch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_rows")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_batch_rows_batch_id_position")),
    )
    op.add_column("generations", sa.Column("batch_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_generations_batch_id"), "generations", "batches", ["batch_id"], ["id"], ondelete="RESTRICT"
    )
    op.create_index(
        "ix_generations_batch_id",
        "generations",
        ["batch_id"],
        unique=False,
        postgresql_where="batch_id IS NOT NULL",
    )
    op.create_index(
        "ix_generations_live_rows",
        "generations",
        ["owner_id"],
        unique=False,
        postgresql_where="batch_id IS NOT NULL AND state IN ('queued', 'running')",
    )
    # With defaults, so that the release before this one can go on holding credits.
    op.add_column(
        "credit_holds", sa.Column("spent_credits", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "credit_holds", sa.Column("returned_credits", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_credit_holds_shares_within_amount"),
        "credit_holds",
        "spent_credits >= 0 AND returned_credits >= 0 AND spent_credits + returned_credits <= amount_credits",
    )
    op.create_check_constraint(
        op.f("ck_credit_holds_held_has_open_share"),
        "credit_holds",
        "state <> 'held' OR spent_credits + returned_credits < amount_credits",
    )
    op.add_column("credit_entries", sa.Column("share_id", sa.Uuid(), nullable=True))
    op.create_index(
        "uq_credit_entries_hold_share",
        "credit_entries",
        ["hold_id", "lot_id", "kind", "share_id"],
        unique=True,
        postgresql_where="hold_id IS NOT NULL",
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index(
        "uq_credit_entries_hold_line", table_name="credit_entries", postgresql_where="hold_id IS NOT NULL"
    )


def downgrade() -> None:
    """Only while no hold was returned share by share: the old unique index refuses those lines."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_index(
        "uq_credit_entries_hold_line",
        "credit_entries",
        ["hold_id", "lot_id", "kind"],
        unique=True,
        postgresql_where="hold_id IS NOT NULL",
    )
    op.drop_index(
        "uq_credit_entries_hold_share", table_name="credit_entries", postgresql_where="hold_id IS NOT NULL"
    )
    op.drop_column("credit_entries", "share_id")
    op.drop_constraint(op.f("ck_credit_holds_held_has_open_share"), "credit_holds")
    op.drop_constraint(op.f("ck_credit_holds_shares_within_amount"), "credit_holds")
    op.drop_column("credit_holds", "returned_credits")
    op.drop_column("credit_holds", "spent_credits")
    op.drop_index(
        "ix_generations_live_rows",
        table_name="generations",
        postgresql_where="batch_id IS NOT NULL AND state IN ('queued', 'running')",
    )
    op.drop_index(
        "ix_generations_batch_id", table_name="generations", postgresql_where="batch_id IS NOT NULL"
    )
    op.drop_constraint(op.f("fk_generations_batch_id"), "generations")
    op.drop_column("generations", "batch_id")
    op.drop_table("batch_rows")
    op.drop_index("ix_batches_archives", table_name="batches", postgresql_where="archive_state = 'due'")
    op.drop_index("ix_batches_quotes", table_name="batches", postgresql_where="state = 'quoted'")
    op.drop_index("ix_batches_owner_id", table_name="batches")
    op.drop_table("batches")


def _enum(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
