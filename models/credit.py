"""Credits: dated lots, holds on them, and the append-only journal that must always equal them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId
from models.columns import stored_enum


class LotSource(StrEnum):
    MONTHLY = "monthly"
    MEMBERSHIP = "membership"
    REFERRAL = "referral"
    PACK = "pack"
    GOODWILL = "goodwill"


class CreditAccount(Base):
    """One row per user, and the one row to lock before touching that user's credits.

    in_flight: jobs queued or running, capped per tier.
    fair_time: where this user stands in the queue's virtual time (see docs/decisions/scheduling.md).
    tier_until: when a membership's tier ends if nobody pays again; None: the tier does not end by itself.
    free_until: end of the free month that was running when a membership began; until then no other is given.
    """

    __tablename__ = "credit_accounts"
    __table_args__ = (
        CheckConstraint("debt_credits >= 0", name="debt_not_negative"),
        CheckConstraint("in_flight >= 0", name="in_flight_not_negative"),
        CheckConstraint("period_start < period_end", name="period_not_empty"),
        Index("ix_credit_accounts_tier_until", "tier_until", postgresql_where="tier_until IS NOT NULL"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True)
    tier: Mapped[str] = mapped_column(String(32), default="free")
    next_tier: Mapped[str | None] = mapped_column(String(32))
    billing_timezone: Mapped[str] = mapped_column(String(64))
    timezone_changed_at: Mapped[datetime | None]
    anchor_at: Mapped[datetime | None]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    tier_until: Mapped[datetime | None]
    free_until: Mapped[datetime | None]
    debt_credits: Mapped[int] = mapped_column(default=0)
    in_flight: Mapped[int] = mapped_column(default=0)
    fair_time: Mapped[datetime | None]
    rejected_on: Mapped[date | None]
    rejected_count: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None]


class CreditLot(HasId, HasCreatedAt, Base):
    """A dated packet of credits. `expires_at` None never expires; `unit_price_minor` 0 is free."""

    __tablename__ = "credit_lots"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("remaining BETWEEN 0 AND quantity", name="remaining_within_quantity"),
        CheckConstraint("unit_price_minor >= 0", name="price_not_negative"),
        CheckConstraint("(unit_price_minor > 0) <= (currency IS NOT NULL)", name="paid_has_currency"),
        Index("ix_credit_lots_live", "user_id", postgresql_where="remaining > 0"),
        Index("ix_credit_lots_expiring", "expires_at", postgresql_where="remaining > 0"),
        Index("ix_credit_lots_user_created", "user_id", "created_at"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("credit_accounts.user_id", ondelete="RESTRICT"))
    source: Mapped[LotSource] = mapped_column(stored_enum(LotSource, "lot_source"))
    source_key: Mapped[str] = mapped_column(String(200), unique=True)
    quantity: Mapped[int]
    remaining: Mapped[int]
    priority: Mapped[int] = mapped_column(SmallInteger)
    effective_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    unit_price_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str | None] = mapped_column(String(3))
    frozen_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    grace_ends_at: Mapped[datetime | None]  # set when credits came back after the expiry


class HoldState(StrEnum):
    HELD = "held"  # taken from lots, outcome open
    SETTLED = "settled"  # spent for good
    RELEASED = "released"  # returned to the same lots


class CreditHold(HasCreatedAt, Base):
    """Credits reserved for one business object, whose id it carries. Its lines are journal entries.

    spent_credits, returned_credits: what was decided so far of a hold that is closed share by share, such as
        a batch's; both stay 0 where the whole hold is decided at once. It closes with its last share, as
        SETTLED when any of it was spent.
    """

    __tablename__ = "credit_holds"
    __table_args__ = (
        CheckConstraint("amount_credits > 0", name="amount_positive"),
        CheckConstraint("(state = 'held') = (closed_at IS NULL)", name="closed_when_not_held"),
        CheckConstraint(
            "spent_credits >= 0 AND returned_credits >= 0"
            " AND spent_credits + returned_credits <= amount_credits",
            name="shares_within_amount",
        ),
        CheckConstraint(
            "state <> 'held' OR spent_credits + returned_credits < amount_credits", name="held_has_open_share"
        ),
        Index("ix_credit_holds_user_created", "user_id", "created_at"),
        Index("ix_credit_holds_open", "user_id", postgresql_where="state = 'held'"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("credit_accounts.user_id", ondelete="RESTRICT"))
    purpose: Mapped[str] = mapped_column(String(32))
    amount_credits: Mapped[int]
    spent_credits: Mapped[int] = mapped_column(default=0, server_default="0")
    returned_credits: Mapped[int] = mapped_column(default=0, server_default="0")
    state: Mapped[HoldState] = mapped_column(stored_enum(HoldState, "hold_state"), default=HoldState.HELD)
    closed_at: Mapped[datetime | None]


class EntryKind(StrEnum):
    GRANT = "grant"
    HOLD = "hold"
    RELEASE = "release"
    EXPIRE = "expire"
    VOID = "void"
    DEBT = "debt"  # a lot's credits that filled an earlier debt


class CreditEntry(HasCreatedAt, Base):
    """One movement of one lot. Append-only by trigger; per lot, the sum equals `remaining`.

    share_id: whose share of the hold came back, such as a job of a batch; None when it was all of it.
    """

    __tablename__ = "credit_entries"
    __table_args__ = (
        CheckConstraint("quantity <> 0", name="quantity_not_zero"),
        CheckConstraint("(kind IN ('grant', 'release')) = (quantity > 0)", name="sign_follows_kind"),
        CheckConstraint("(kind IN ('hold', 'release')) = (hold_id IS NOT NULL)", name="hold_named"),
        Index(
            "uq_credit_entries_hold_share",
            "hold_id",
            "lot_id",
            "kind",
            "share_id",
            unique=True,
            postgresql_where="hold_id IS NOT NULL",
            postgresql_nulls_not_distinct=True,
        ),
        Index("uq_credit_entries_grant", "lot_id", unique=True, postgresql_where="kind = 'grant'"),
        Index("ix_credit_entries_lot", "lot_id"),
        Index("ix_credit_entries_user_id", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    user_id: Mapped[UUID]
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("credit_lots.id", ondelete="RESTRICT"))
    hold_id: Mapped[UUID | None] = mapped_column(ForeignKey("credit_holds.id", ondelete="RESTRICT"))
    share_id: Mapped[UUID | None]
    kind: Mapped[EntryKind] = mapped_column(stored_enum(EntryKind, "entry_kind"))
    quantity: Mapped[int]


class CreditClawback(HasCreatedAt, Base):
    """Credits taken back from one lot, because money or a reward was.

    clawback_key: names why, such as `stripe:refund:re_…`; a second one for the same lot is refused.
    voided_credits: were unspent. debt_credits: were spent or held, and became debt.
    undone_at: the reason fell away. forgiven_credits: how much of the debt was still open then.
    """

    __tablename__ = "credit_clawbacks"
    __table_args__ = (
        CheckConstraint("voided_credits >= 0 AND debt_credits >= 0", name="parts_not_negative"),
        CheckConstraint("voided_credits + debt_credits > 0", name="takes_something"),
        CheckConstraint("forgiven_credits BETWEEN 0 AND debt_credits", name="forgiven_within_debt"),
        CheckConstraint("undone_at IS NOT NULL OR forgiven_credits = 0", name="forgiven_when_undone"),
        Index("ix_credit_clawbacks_lot", "lot_id"),
        Index("ix_credit_clawbacks_user", "user_id"),
    )

    clawback_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("credit_lots.id", ondelete="RESTRICT"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("credit_accounts.user_id", ondelete="RESTRICT"))
    voided_credits: Mapped[int]
    debt_credits: Mapped[int]
    forgiven_credits: Mapped[int] = mapped_column(default=0, server_default="0")
    undone_at: Mapped[datetime | None]
