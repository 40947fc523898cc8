"""Signals of helps, kept as keyed hashes, and the verdicts that they led to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "risk_signals",
        sa.Column("help_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("helper_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.SmallInteger(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(), nullable=True),
        sa.Column("address_hash", sa.LargeBinary(), nullable=True),
        sa.Column("network_hash", sa.LargeBinary(), nullable=True),
        sa.Column("agent_hash", sa.LargeBinary(), nullable=True),
        sa.Column("mailbox_hash", sa.LargeBinary(), nullable=True),
        sa.Column("agent", sa.String(length=32), nullable=False),
        sa.Column("asn", sa.BigInteger(), nullable=True),
        sa.Column("tap_seconds", sa.Float(), nullable=False),
        sa.Column("sign_up_seconds", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("owner_id <> helper_id", name=op.f("ck_risk_signals_not_ones_own")),
        sa.PrimaryKeyConstraint("help_id", name=op.f("pk_risk_signals")),
    )
    op.create_index("ix_risk_signals_owner_id", "risk_signals", ["owner_id", "created_at"], unique=False)
    op.create_index("ix_risk_signals_helper_id", "risk_signals", ["helper_id", "created_at"], unique=False)
    op.create_index("ix_risk_signals_created_at", "risk_signals", ["created_at"], unique=False)
    op.create_table(
        "risk_sightings",
        sa.Column(
            "kind",
            sa.Enum(
                "device",
                "place",
                "address",
                "network",
                name="sighting_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.SmallInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "hash", "user_id", name=op.f("pk_risk_sightings")),
    )
    op.create_index("ix_risk_sightings_user_id", "risk_sightings", ["user_id", "kind"], unique=False)
    op.create_index("ix_risk_sightings_seen_at", "risk_sightings", ["seen_at"], unique=False)
    op.create_table(
        "risk_verdicts",
        sa.Column("help_id", sa.Uuid(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "allow",
                "hold",
                "deny",
                name="risk_decision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("is_shadow", sa.Boolean(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("weights", sa.String(length=16), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_verdicts")),
    )
    op.create_index("ix_risk_verdicts_help_id", "risk_verdicts", ["help_id", "created_at"], unique=False)
    op.create_index("ix_risk_verdicts_created_at", "risk_verdicts", ["created_at"], unique=False)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("risk_verdicts")
    op.drop_table("risk_sightings")
    op.drop_table("risk_signals")
