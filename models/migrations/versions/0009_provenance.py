"""Certificates, exports, and the public log with its pending edge."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "log_heads",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("published_size", sa.BigInteger(), nullable=False),
        sa.Column("published_root", sa.LargeBinary(), nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(checkpoint IS NULL) = (published_at IS NULL)", name=op.f("ck_log_heads_checkpoint_has_time")
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_log_heads_only_one")),
        sa.CheckConstraint(
            "published_size BETWEEN 0 AND size", name=op.f("ck_log_heads_published_within_size")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_heads")),
    )
    op.create_table(
        "log_leaves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "certificate",
                "export",
                "transfer",
                "revocation",
                name="leaf_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("leaf_index >= 0", name=op.f("ck_log_leaves_index_not_negative")),
        sa.CheckConstraint(
            "octet_length(entry) BETWEEN 1 AND 65535", name=op.f("ck_log_leaves_entry_fits_bundle")
        ),
        sa.CheckConstraint("octet_length(leaf_hash) = 32", name=op.f("ck_log_leaves_hash_is_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_leaves")),
    )
    op.create_index(
        "ix_log_leaves_pending", "log_leaves", ["id"], unique=False, postgresql_where="leaf_index IS NULL"
    )
    op.create_index("uq_log_leaves_leaf_index", "log_leaves", ["leaf_index"], unique=True)
    op.create_table(
        "log_witnesses",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("seen_size", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=300), nullable=True),
        sa.CheckConstraint("seen_size >= 0", name=op.f("ck_log_witnesses_size_not_negative")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_witnesses")),
    )
    op.create_table(
        "unlabelled_agreements",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("terms_version", sa.String(length=16), nullable=False),
        sa.Column("terms_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("keep_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "keep_until >= created_at + interval '183 days'",
            name=op.f("ck_unlabelled_agreements_kept_for_six_months"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unlabelled_agreements")),
        sa.UniqueConstraint(
            "user_id", "idempotency_key", name=op.f("uq_unlabelled_agreements_user_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_unlabelled_agreements_export_id", "unlabelled_agreements", ["export_id"], unique=False
    )
    op.create_index(
        "ix_unlabelled_agreements_keep_until", "unlabelled_agreements", ["keep_until"], unique=False
    )
    op.create_table(
        "certificates",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("work_id", sa.Uuid(), nullable=True),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ordered",
                "logged",
                "issued",
                "revoked",
                "failed",
                name="certificate_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "paid_with",
            sa.Enum(
                "credits",
                "money",
                name="certificate_payment",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("mining", sa.String(length=16), nullable=False),
        sa.Column("shows_work", sa.Boolean(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("commitment", sa.LargeBinary(), nullable=True),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("manifest_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("leaf_id", sa.BigInteger(), nullable=True),
        sa.Column("statement", sa.LargeBinary(), nullable=True),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(paid_with = 'money') = (order_id IS NOT NULL)", name=op.f("ck_certificates_money_has_order")
        ),
        sa.CheckConstraint(
            "(state = 'revoked') = (revoked_at IS NOT NULL)", name=op.f("ck_certificates_revoked_has_time")
        ),
        sa.CheckConstraint(
            "(state IN ('issued', 'revoked')) = (statement IS NOT NULL)",
            name=op.f("ck_certificates_issued_has_statement"),
        ),
        sa.CheckConstraint(
            "(state IN ('logged', 'issued', 'revoked')) = (leaf_id IS NOT NULL)",
            name=op.f("ck_certificates_logged_has_leaf"),
        ),
        sa.CheckConstraint(
            "(leaf_id IS NULL) = (commitment IS NULL)", name=op.f("ck_certificates_leaf_has_commitment")
        ),
        sa.CheckConstraint(
            "(leaf_id IS NULL) = (content_sha256 IS NULL)", name=op.f("ck_certificates_leaf_has_content")
        ),
        sa.CheckConstraint(
            "(statement IS NULL) = (issued_at IS NULL)", name=op.f("ck_certificates_issued_has_time")
        ),
        sa.CheckConstraint(
            "(statement IS NULL) = (signature IS NULL)", name=op.f("ck_certificates_statement_is_signed")
        ),
        sa.CheckConstraint(
            "erased_at IS NULL OR (owner_id IS NULL AND work_id IS NULL AND salt IS NULL AND title IS NULL)",
            name=op.f("ck_certificates_erased_names_nobody"),
        ),
        sa.ForeignKeyConstraint(
            ["leaf_id"], ["log_leaves.id"], name=op.f("fk_certificates_leaf_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_certificates_order_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_certificates_owner_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["work_id"], ["works.id"], name=op.f("fk_certificates_work_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint("leaf_id", name=op.f("uq_certificates_leaf_id")),
        sa.UniqueConstraint("number", name=op.f("uq_certificates_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_certificates_order_id")),
        sa.UniqueConstraint(
            "owner_id", "idempotency_key", name=op.f("uq_certificates_owner_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_certificates_due",
        "certificates",
        ["next_attempt_at"],
        unique=False,
        postgresql_where="state IN ('ordered', 'logged')",
    )
    op.create_index("ix_certificates_owner_id", "certificates", ["owner_id", "id"], unique=False)
    op.create_index(
        "uq_certificates_work_id",
        "certificates",
        ["work_id"],
        unique=True,
        postgresql_where="state <> 'failed'",
    )
    op.create_table(
        "certificate_changes",
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "transfer",
                "revocation",
                name="certificate_change_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("leaf_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'revocation') = (reason IS NOT NULL)",
            name=op.f("ck_certificate_changes_revocation_has_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificates.id"],
            name=op.f("fk_certificate_changes_certificate_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["leaf_id"], ["log_leaves.id"], name=op.f("fk_certificate_changes_leaf_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_changes")),
        sa.UniqueConstraint(
            "certificate_id",
            "idempotency_key",
            name=op.f("uq_certificate_changes_certificate_id_idempotency_key"),
        ),
        sa.UniqueConstraint("leaf_id", name=op.f("uq_certificate_changes_leaf_id")),
    )
    op.create_index(
        "uq_certificate_changes_revocation",
        "certificate_changes",
        ["certificate_id"],
        unique=True,
        postgresql_where="kind = 'revocation'",
    )
    op.create_table(
        "work_exports",
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("size", sa.String(length=16), nullable=False),
        sa.Column("is_labelled", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "ready",
                "failed",
                name="work_export_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("progress_percent", sa.SmallInteger(), nullable=False),
        sa.Column("failure", sa.String(length=32), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=True),
        sa.Column("width_px", sa.Integer(), nullable=True),
        sa.Column("height_px", sa.Integer(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("manifest_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("object_key", sa.String(length=300), nullable=True),
        sa.Column("leaf_id", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'failed') = (failure IS NOT NULL)", name=op.f("ck_work_exports_failed_has_reason")
        ),
        sa.CheckConstraint(
            "(state = 'ready') = (object_key IS NOT NULL)", name=op.f("ck_work_exports_ready_has_object")
        ),
        sa.CheckConstraint(
            "(state = 'ready') = (sha256 IS NOT NULL AND size_bytes IS NOT NULL AND leaf_id IS NOT NULL)",
            name=op.f("ck_work_exports_ready_is_logged"),
        ),
        sa.CheckConstraint(
            "progress_percent BETWEEN 0 AND 100", name=op.f("ck_work_exports_progress_is_percent")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificates.id"],
            name=op.f("fk_work_exports_certificate_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["leaf_id"], ["log_leaves.id"], name=op.f("fk_work_exports_leaf_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_exports")),
        sa.UniqueConstraint(
            "certificate_id",
            "format",
            "size",
            "is_labelled",
            name=op.f("uq_work_exports_certificate_id_format_size_is_labelled"),
        ),
        sa.UniqueConstraint("object_key", name=op.f("uq_work_exports_object_key")),
    )
    op.create_index(
        "ix_work_exports_due",
        "work_exports",
        ["next_attempt_at"],
        unique=False,
        postgresql_where="state = 'queued'",
    )
    op.create_index(
        "ix_work_exports_sha256",
        "work_exports",
        ["sha256"],
        unique=False,
        postgresql_where="sha256 IS NOT NULL",
    )
    # ### end Alembic commands ###
    _refuse_changes()


def _refuse_changes() -> None:
    """A leaf gets its place once and is never touched again; an agreement stays until its time is over."""
    op.execute(
        """
        CREATE FUNCTION refuse_leaf_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF OLD.leaf_index IS NOT NULL OR NEW.leaf_index IS NULL
             OR (NEW.id, NEW.kind, NEW.subject_id, NEW.entry, NEW.leaf_hash, NEW.created_at)
                IS DISTINCT FROM (OLD.id, OLD.kind, OLD.subject_id, OLD.entry, OLD.leaf_hash, OLD.created_at)
          THEN
            RAISE EXCEPTION 'a leaf only gets its place, once' USING ERRCODE = 'restrict_violation';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER log_leaves_get_their_place BEFORE UPDATE ON log_leaves
        FOR EACH ROW EXECUTE FUNCTION refuse_leaf_change()
        """
    )
    op.execute(
        """
        CREATE TRIGGER log_leaves_stay BEFORE DELETE OR TRUNCATE ON log_leaves
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
        CREATE FUNCTION refuse_early_end() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'UPDATE' OR OLD.keep_until > now() THEN
            RAISE EXCEPTION 'agreements are kept until %', OLD.keep_until
              USING ERRCODE = 'restrict_violation';
          END IF;
          RETURN OLD;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER unlabelled_agreements_stay BEFORE UPDATE OR DELETE ON unlabelled_agreements
        FOR EACH ROW EXECUTE FUNCTION refuse_early_end()
        """
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_work_exports_sha256", table_name="work_exports", postgresql_where="sha256 IS NOT NULL")
    op.drop_index("ix_work_exports_due", table_name="work_exports", postgresql_where="state = 'queued'")
    op.drop_table("work_exports")
    op.drop_index(
        "uq_certificate_changes_revocation",
        table_name="certificate_changes",
        postgresql_where="kind = 'revocation'",
    )
    op.drop_table("certificate_changes")
    op.drop_index("uq_certificates_work_id", table_name="certificates", postgresql_where="state <> 'failed'")
    op.drop_index("ix_certificates_owner_id", table_name="certificates")
    op.drop_index(
        "ix_certificates_due", table_name="certificates", postgresql_where="state IN ('ordered', 'logged')"
    )
    op.drop_table("certificates")
    op.drop_index("ix_unlabelled_agreements_keep_until", table_name="unlabelled_agreements")
    op.drop_index("ix_unlabelled_agreements_export_id", table_name="unlabelled_agreements")
    op.drop_table("unlabelled_agreements")
    op.drop_table("log_witnesses")
    op.drop_index("uq_log_leaves_leaf_index", table_name="log_leaves")
    op.drop_index("ix_log_leaves_pending", table_name="log_leaves", postgresql_where="leaf_index IS NULL")
    op.drop_table("log_leaves")
    op.drop_table("log_heads")
    # ### end Alembic commands ###
    op.execute("DROP FUNCTION refuse_leaf_change()")
    op.execute("DROP FUNCTION refuse_early_end()")
