"""Memberships: who has one, what was paid for which time, and who has had a cheaper first month."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId
from models.columns import stored_enum


class MembershipState(StrEnum):
    ACTIVE = "active"  # paid
    PAST_DUE = "past_due"  # a renewal was not paid; the tier stays until the grace ends
    UNPAID = "unpaid"  # the grace is over: the free tier; the channel still tries to collect
    ENDED = "ended"


MEMBERSHIP_TRANSITIONS: Final[Mapping[MembershipState, frozenset[MembershipState]]] = {
    MembershipState.ACTIVE: frozenset({MembershipState.PAST_DUE, MembershipState.ENDED}),
    MembershipState.PAST_DUE: frozenset(
        {MembershipState.ACTIVE, MembershipState.UNPAID, MembershipState.ENDED}
    ),
    MembershipState.UNPAID: frozenset({MembershipState.ACTIVE, MembershipState.ENDED}),
    # A refund that ended it may fail: then what was paid for is served.
    MembershipState.ENDED: frozenset({MembershipState.ACTIVE}),
}


class MembershipEnd(StrEnum):
    CANCELLED = "cancelled"  # by the member, at the period's end or at once
    UNPAID = "unpaid"  # the channel gave up collecting
    REFUNDED = "refunded"  # the money of the running month went back
    OVER = "over"  # the months paid in advance are used up


class Membership(HasId, HasCreatedAt, Base):
    """One person's membership from its first payment on; at most one of a person is not ended.

    tier: what is paid for now. scheduled_tier: what the next period will be, when it is another.
    subscription_id, customer_id: the channel's names; None: months paid in advance, which do not renew.
    subscription_ended_at: since then the channel charges no more; what is paid is served all the same.
    renewal_minor: what the next period will cost.
    period_start, period_end: of the quota month that runs, at the billing anchor `anchor_at`.
    paid_until: period_end, or the end of all months paid in advance.
    is_change_pending: an upgrade waits for its payment.
    grace_ends_at: until when an unpaid renewal leaves the tier.
    read_at: when the newest state that was applied began to be read: older ones change nothing.
    noticed_at, noticed_for: when the notice of its renewal or end was claimed, and of which `paid_until`.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("channel", "subscription_id"),
        CheckConstraint("period_start < period_end AND period_end <= paid_until", name="period_is_paid"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_has_time"),
        CheckConstraint("(state = 'ended') = (end_reason IS NOT NULL)", name="ended_has_reason"),
        CheckConstraint(
            "state NOT IN ('past_due', 'unpaid') OR grace_ends_at IS NOT NULL", name="due_has_grace"
        ),
        CheckConstraint(
            "subscription_id IS NOT NULL OR (state IN ('active', 'ended') AND scheduled_tier IS NULL)",
            name="prepaid_owes_nothing",
        ),
        Index("uq_memberships_live", "user_id", unique=True, postgresql_where="state <> 'ended'"),
        Index("ix_memberships_user_id", "user_id", "id"),
        Index("ix_memberships_paid_until", "paid_until", postgresql_where="state <> 'ended'"),
        Index(
            "ix_memberships_due",
            text("least(period_end, grace_ends_at)"),
            postgresql_where="state <> 'ended'",
        ),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("credit_accounts.user_id", ondelete="RESTRICT"))
    tier: Mapped[str] = mapped_column(String(32))
    state: Mapped[MembershipState] = mapped_column(stored_enum(MembershipState, "membership_state"))
    channel: Mapped[str] = mapped_column(String(16))
    is_test: Mapped[bool]
    currency: Mapped[str] = mapped_column(String(3))
    subscription_id: Mapped[str | None] = mapped_column(String(255))
    customer_id: Mapped[str | None] = mapped_column(String(255))
    subscription_ended_at: Mapped[datetime | None]
    renewal_minor: Mapped[int | None] = mapped_column(BigInteger)
    anchor_at: Mapped[datetime]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    paid_until: Mapped[datetime]
    cancels_at_period_end: Mapped[bool] = mapped_column(default=False, server_default=false())
    scheduled_tier: Mapped[str | None] = mapped_column(String(32))
    is_change_pending: Mapped[bool] = mapped_column(default=False, server_default=false())
    grace_ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[MembershipEnd | None] = mapped_column(stored_enum(MembershipEnd, "membership_end"))
    read_at: Mapped[datetime]
    noticed_at: Mapped[datetime | None]
    noticed_for: Mapped[datetime | None]

    @property
    def renews(self) -> bool:
        """Whether the channel will charge again by itself."""
        return (
            self.subscription_id is not None
            and self.subscription_ended_at is None
            and not self.cancels_at_period_end
            and self.state is not MembershipState.ENDED
        )


class PeriodKind(StrEnum):
    MONTH = "month"  # a month of a subscription
    UPGRADE = "upgrade"  # a higher tier for the rest of a month
    PREPAID = "prepaid"  # months paid in advance


class MembershipPeriod(HasId, HasCreatedAt, Base):
    """What one payment bought: one row per paid invoice, or per payment of months in advance.

    invoice_id: the channel's; of months in advance the payment's. order_id: the money, its tax and refunds;
        None when there was nothing to pay.
    revoked_at: the money went back, and with it the time.
    """

    __tablename__ = "membership_periods"
    __table_args__ = (
        UniqueConstraint("channel", "invoice_id"),
        UniqueConstraint("order_id"),
        CheckConstraint("starts_at < ends_at", name="period_not_empty"),
        Index("ix_membership_periods_membership_id", "membership_id", "starts_at"),
    )

    membership_id: Mapped[UUID] = mapped_column(ForeignKey("memberships.id", ondelete="RESTRICT"))
    channel: Mapped[str] = mapped_column(String(16))
    invoice_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[PeriodKind] = mapped_column(stored_enum(PeriodKind, "period_kind"))
    tier: Mapped[str] = mapped_column(String(32))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    revoked_at: Mapped[datetime | None]


class ClaimKind(StrEnum):
    """What tells one person from another."""

    ACCOUNT = "account"
    CONTACT = "contact"  # a verified one
    CARD = "card"


class FirstMonthClaim(HasCreatedAt, Base):
    """One mark of a person who has had a cheaper first month. Only a keyed hash is kept."""

    __tablename__ = "first_month_claims"
    __table_args__ = (Index("ix_first_month_claims_order_id", "order_id"),)

    kind: Mapped[ClaimKind] = mapped_column(stored_enum(ClaimKind, "claim_kind"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
