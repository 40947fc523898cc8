"""The first schema: identity, credits, jobs, works."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")  # give up; never queue behind a long query
    op.create_table(
        "invariant_breaches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("invariant", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sample", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invariant_breaches")),
    )
    op.create_index("ix_invariant_breaches_created_at", "invariant_breaches", ["created_at"], unique=False)
    op.create_table(
        "users",
        sa.Column(
            "role",
            sa.Enum(
                "user",
                "reviewer",
                "finance",
                "operator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index(
        "ix_users_to_erase",
        "users",
        ["closed_at"],
        unique=False,
        postgresql_where="closed_at IS NOT NULL AND erased_at IS NULL",
    )
    op.create_table(
        "contacts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("email", name="channel", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("canonical_address", sa.String(length=320), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_purpose", sa.String(length=16), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_attempts", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_contacts_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint(
            "user_id",
            "channel",
            "canonical_address",
            name=op.f("uq_contacts_user_id_channel_canonical_address"),
        ),
    )
    op.create_index(op.f("ix_contacts_user_id"), "contacts", ["user_id"], unique=False)
    op.create_index(
        "uq_contacts_verified",
        "contacts",
        ["channel", "canonical_address"],
        unique=True,
        postgresql_where="verified_at IS NOT NULL",
    )
    op.create_table(
        "credit_accounts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("tier", sa.String(length=32), nullable=False),
        sa.Column("next_tier", sa.String(length=32), nullable=True),
        sa.Column("billing_timezone", sa.String(length=64), nullable=False),
        sa.Column("timezone_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("anchor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("debt_credits", sa.Integer(), nullable=False),
        sa.Column("in_flight", sa.Integer(), nullable=False),
        sa.Column("fair_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_on", sa.Date(), nullable=True),
        sa.Column("rejected_count", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("debt_credits >= 0", name=op.f("ck_credit_accounts_debt_not_negative")),
        sa.CheckConstraint("in_flight >= 0", name=op.f("ck_credit_accounts_in_flight_not_negative")),
        sa.CheckConstraint("period_start < period_end", name=op.f("ck_credit_accounts_period_not_empty")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_credit_accounts_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_credit_accounts")),
    )
    op.create_table(
        "data_exports",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "ready",
                "failed",
                "expired",
                name="export_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("object_key", sa.String(length=300), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_data_exports_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_exports")),
    )
    op.create_index(op.f("ix_data_exports_user_id"), "data_exports", ["user_id"], unique=False)
    op.create_index(
        "uq_data_exports_open",
        "data_exports",
        ["user_id"],
        unique=True,
        postgresql_where="state = 'requested'",
    )
    op.create_table(
        "devices",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_devices_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("device_hash", name=op.f("uq_devices_device_hash")),
    )
    op.create_index(op.f("ix_devices_user_id"), "devices", ["user_id"], unique=False)
    op.create_table(
        "passwords",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_passwords_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_passwords")),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_refresh_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_tokens_token_hash")),
    )
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"], unique=False)
    op.create_index(op.f("ix_refresh_tokens_family_id"), "refresh_tokens", ["family_id"], unique=False)
    op.create_index(op.f("ix_refresh_tokens_user_id"), "refresh_tokens", ["user_id"], unique=False)
    op.create_table(
        "credit_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("amount_credits", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "held",
                "settled",
                "released",
                name="hold_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'held') = (closed_at IS NULL)", name=op.f("ck_credit_holds_closed_when_not_held")
        ),
        sa.CheckConstraint("amount_credits > 0", name=op.f("ck_credit_holds_amount_positive")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["credit_accounts.user_id"],
            name=op.f("fk_credit_holds_user_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_holds")),
    )
    op.create_index(
        "ix_credit_holds_open", "credit_holds", ["user_id"], unique=False, postgresql_where="state = 'held'"
    )
    op.create_index("ix_credit_holds_user_created", "credit_holds", ["user_id", "created_at"], unique=False)
    op.create_table(
        "credit_lots",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "monthly",
                "membership",
                "referral",
                "pack",
                "goodwill",
                name="lot_source",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("source_key", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grace_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(unit_price_minor > 0) <= (currency IS NOT NULL)", name=op.f("ck_credit_lots_paid_has_currency")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_credit_lots_quantity_positive")),
        sa.CheckConstraint(
            "remaining BETWEEN 0 AND quantity", name=op.f("ck_credit_lots_remaining_within_quantity")
        ),
        sa.CheckConstraint("unit_price_minor >= 0", name=op.f("ck_credit_lots_price_not_negative")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["credit_accounts.user_id"], name=op.f("fk_credit_lots_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_lots")),
        sa.UniqueConstraint("source_key", name=op.f("uq_credit_lots_source_key")),
    )
    op.create_index(
        "ix_credit_lots_expiring",
        "credit_lots",
        ["expires_at"],
        unique=False,
        postgresql_where="remaining > 0",
    )
    op.create_index(
        "ix_credit_lots_live", "credit_lots", ["user_id"], unique=False, postgresql_where="remaining > 0"
    )
    op.create_index("ix_credit_lots_user_created", "credit_lots", ["user_id", "created_at"], unique=False)
    op.create_table(
        "generations",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("spec", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tier", sa.String(length=32), nullable=False),
        sa.Column("batch_key", sa.String(length=120), nullable=False),
        sa.Column("price_credits", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "succeeded",
                "rejected",
                "failed",
                "cancelled",
                name="job_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("fair_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("leased_by", sa.Uuid(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'running') = (lease_expires_at IS NOT NULL)",
            name=op.f("ck_generations_leased_when_running"),
        ),
        sa.CheckConstraint(
            "(state IN ('queued', 'running')) = (finished_at IS NULL)",
            name=op.f("ck_generations_finished_when_ended"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_generations_attempts_not_negative")),
        sa.CheckConstraint("price_credits > 0", name=op.f("ck_generations_price_positive")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["credit_accounts.user_id"],
            name=op.f("fk_generations_owner_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generations")),
        sa.UniqueConstraint(
            "owner_id", "idempotency_key", name=op.f("uq_generations_owner_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_generations_batches",
        "generations",
        ["batch_key", "fair_time", "id"],
        unique=False,
        postgresql_where="state = 'queued'",
    )
    op.create_index(
        "ix_generations_leases",
        "generations",
        ["lease_expires_at"],
        unique=False,
        postgresql_where="state = 'running'",
    )
    op.create_index("ix_generations_owner_id", "generations", ["owner_id", "id"], unique=False)
    op.create_index(
        "ix_generations_queue",
        "generations",
        ["fair_time", "id"],
        unique=False,
        postgresql_where="state = 'queued'",
    )
    op.create_table(
        "credit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "grant",
                "hold",
                "release",
                "expire",
                "void",
                "debt",
                name="entry_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('grant', 'release')) = (quantity > 0)",
            name=op.f("ck_credit_entries_sign_follows_kind"),
        ),
        sa.CheckConstraint(
            "(kind IN ('hold', 'release')) = (hold_id IS NOT NULL)", name=op.f("ck_credit_entries_hold_named")
        ),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_credit_entries_quantity_not_zero")),
        sa.ForeignKeyConstraint(
            ["hold_id"], ["credit_holds.id"], name=op.f("fk_credit_entries_hold_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["credit_lots.id"], name=op.f("fk_credit_entries_lot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_entries")),
    )
    op.create_index("ix_credit_entries_lot", "credit_entries", ["lot_id"], unique=False)
    op.create_index("ix_credit_entries_user_id", "credit_entries", ["user_id", "id"], unique=False)
    op.create_index(
        "uq_credit_entries_grant",
        "credit_entries",
        ["lot_id"],
        unique=True,
        postgresql_where="kind = 'grant'",
    )
    op.create_index(
        "uq_credit_entries_hold_line",
        "credit_entries",
        ["hold_id", "lot_id", "kind"],
        unique=True,
        postgresql_where="hold_id IS NOT NULL",
    )
    op.create_table(
        "works",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("generation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("provenance", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["generation_id"], ["generations.id"], name=op.f("fk_works_generation_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_works_owner_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_works")),
        sa.UniqueConstraint("generation_id", name=op.f("uq_works_generation_id")),
    )
    op.create_index("ix_works_owner_id", "works", ["owner_id", "id"], unique=False)
    op.create_table(
        "work_files",
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=True),
        sa.Column("height_px", sa.Integer(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("object_key", sa.String(length=300), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["work_id"], ["works.id"], name=op.f("fk_work_files_work_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_files")),
        sa.UniqueConstraint("object_key", name=op.f("uq_work_files_object_key")),
        sa.UniqueConstraint("work_id", "role", name=op.f("uq_work_files_work_id_role")),
    )
    # The journal is append-only for everybody, operators included.
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER credit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("work_files")
    op.drop_index("ix_works_owner_id", table_name="works")
    op.drop_table("works")
    op.drop_index(
        "uq_credit_entries_hold_line", table_name="credit_entries", postgresql_where="hold_id IS NOT NULL"
    )
    op.drop_index("uq_credit_entries_grant", table_name="credit_entries", postgresql_where="kind = 'grant'")
    op.drop_index("ix_credit_entries_user_id", table_name="credit_entries")
    op.drop_index("ix_credit_entries_lot", table_name="credit_entries")
    op.drop_table("credit_entries")
    op.drop_index("ix_generations_queue", table_name="generations", postgresql_where="state = 'queued'")
    op.drop_index("ix_generations_owner_id", table_name="generations")
    op.drop_index("ix_generations_leases", table_name="generations", postgresql_where="state = 'running'")
    op.drop_index("ix_generations_batches", table_name="generations", postgresql_where="state = 'queued'")
    op.drop_table("generations")
    op.drop_index("ix_credit_lots_user_created", table_name="credit_lots")
    op.drop_index("ix_credit_lots_live", table_name="credit_lots", postgresql_where="remaining > 0")
    op.drop_index("ix_credit_lots_expiring", table_name="credit_lots", postgresql_where="remaining > 0")
    op.drop_table("credit_lots")
    op.drop_index("ix_credit_holds_user_created", table_name="credit_holds")
    op.drop_index("ix_credit_holds_open", table_name="credit_holds", postgresql_where="state = 'held'")
    op.drop_table("credit_holds")
    op.drop_index(op.f("ix_refresh_tokens_user_id"), table_name="refresh_tokens")
    op.drop_index(op.f("ix_refresh_tokens_family_id"), table_name="refresh_tokens")
    op.drop_index("ix_refresh_tokens_expires_at", table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_table("passwords")
    op.drop_index(op.f("ix_devices_user_id"), table_name="devices")
    op.drop_table("devices")
    op.drop_index("uq_data_exports_open", table_name="data_exports", postgresql_where="state = 'requested'")
    op.drop_index(op.f("ix_data_exports_user_id"), table_name="data_exports")
    op.drop_table("data_exports")
    op.drop_table("credit_accounts")
    op.drop_index("uq_contacts_verified", table_name="contacts", postgresql_where="verified_at IS NOT NULL")
    op.drop_index(op.f("ix_contacts_user_id"), table_name="contacts")
    op.drop_table("contacts")
    op.drop_index(
        "ix_users_to_erase",
        table_name="users",
        postgresql_where="closed_at IS NOT NULL AND erased_at IS NULL",
    )
    op.drop_table("users")
    op.drop_index("ix_invariant_breaches_created_at", table_name="invariant_breaches")
    op.drop_table("invariant_breaches")
    op.execute("DROP FUNCTION refuse_change")
