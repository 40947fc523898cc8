"""Photos that users send to be set into cards."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "photos",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("object_key", sa.String(length=300), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "stored_at IS NOT NULL OR expires_at IS NOT NULL",
            name=op.f("ck_photos_expires_unless_stored"),
        ),
        sa.CheckConstraint(
            "width_px > 0 AND height_px > 0 AND size_bytes > 0", name=op.f("ck_photos_sizes_positive")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_photos_owner_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
        sa.UniqueConstraint("object_key", name=op.f("uq_photos_object_key")),
        sa.UniqueConstraint("owner_id", "idempotency_key", name=op.f("uq_photos_owner_id_idempotency_key")),
    )
    op.create_index("ix_photos_owner_id", "photos", ["owner_id", "id"], unique=False)
    op.create_index(
        "ix_photos_expires_at",
        "photos",
        ["expires_at"],
        unique=False,
        postgresql_where="expires_at IS NOT NULL",
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index("ix_photos_expires_at", table_name="photos", postgresql_where="expires_at IS NOT NULL")
    op.drop_index("ix_photos_owner_id", table_name="photos")
    op.drop_table("photos")
