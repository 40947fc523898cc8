"""Orders: what was bought at which price, and what became of the money. The terms are frozen in the row."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId
from models.columns import stored_enum


class OrderState(StrEnum):
    CREATED = "created"  # written down; whether a checkout was opened for it is not known yet
    PENDING = "pending"  # can be paid, or the money is under way
    PAID = "paid"  # credits granted, sale in the books
    EXPIRED = "expired"  # nobody paid in time
    FAILED = "failed"  # the money that was under way did not come
    REFUNDED = "refunded"  # all of the money went back, or all but what was used before a withdrawal
    DISPUTED = "disputed"  # a bank took the money back, for now or for good


# Money decides: what was given up is paid all the same when the money arrives, and what is refunded or
# disputed is paid again when a refund fails or a dispute is won.
_PAID_FOR: Final = frozenset({OrderState.PAID, OrderState.REFUNDED, OrderState.DISPUTED})
ORDER_TRANSITIONS: Final[Mapping[OrderState, frozenset[OrderState]]] = {
    OrderState.CREATED: frozenset(
        {OrderState.PENDING, OrderState.PAID, OrderState.EXPIRED, OrderState.FAILED}
    ),
    OrderState.PENDING: frozenset({OrderState.PAID, OrderState.EXPIRED, OrderState.FAILED}),
    OrderState.EXPIRED: frozenset({OrderState.PAID}),
    OrderState.FAILED: frozenset({OrderState.PAID}),
    **{state: _PAID_FOR - {state} for state in _PAID_FOR},
}


class ItemKind(StrEnum):
    """What an item's name begins with: `pack:small`, `membership:gold`, `months:gold:3`, `certification`."""

    PACK = "pack"  # credits, in a lot of their own
    MEMBERSHIP = "membership"  # a month of a subscription, or an upgrade's difference
    MONTHS = "months"  # membership paid in advance, which does not renew
    CERTIFICATION = "certification"  # of the work that `subject_id` names


class ReturnReason(StrEnum):
    """Why we give the money of a paid order back ourselves."""

    FIRST_MONTH_TAKEN = "first_month_taken"  # this person had a cheaper first month before
    ALREADY_MEMBER = "already_member"  # paid a second time, in another window
    ACCOUNT_CLOSED = "account_closed"  # nobody is there to be served
    UNDELIVERED = "undelivered"  # a certificate that could not be made, or was there already
    WITHDRAWN = "withdrawn"  # the buyer took the purchase back


class Order(HasId, HasCreatedAt, Base):
    """One payment for one item. `amount_minor` contains `tax_minor`, which is known once it is paid.

    credits, days: of a pack; 0 of everything else. subject_id: the work that is certified.
    is_first_month: of a membership, at the price that a person gets once.
    consent_version: the text in which the buyer asked for immediate supply (EU 2023/2673).
    subscription_id: the channel's name of what renews; a renewal's order is written when it is paid.
    return_reason: why we give the money back; returned_at: the channel has been told to.
    return_attempts: how often that came to nothing; return_due_at: not before then again, or never by itself.
    kept_minor: of a purchase that was taken back, the price of what was used until then.
    channel, is_test: who takes the money, and whether it is real.
    checkout_id, payment_id: the channel's names of where it is paid, and of the money.
    expires_at: until when it can be paid. warned_at: a bank suspects fraud. trusted_at: an operator does not.
    lot_id: the credits that it brought.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        UniqueConstraint("channel", "checkout_id"),
        UniqueConstraint("channel", "payment_id"),
        CheckConstraint(
            "item ~ '^(pack:[a-z]+|membership:[a-z]+|months:[a-z]+:[0-9]+|certification)$'", name="item_known"
        ),
        CheckConstraint(
            "amount_minor > 0 AND credits >= 0 AND days >= 0"
            " AND (item LIKE 'pack:%') = (credits > 0) AND (item LIKE 'pack:%') = (days > 0)",
            name="sells_something",
        ),
        CheckConstraint("(item = 'certification') = (subject_id IS NOT NULL)", name="certifies_a_work"),
        CheckConstraint("item LIKE 'membership:%' OR NOT is_first_month", name="first_month_of_membership"),
        CheckConstraint("item LIKE 'membership:%' OR subscription_id IS NULL", name="membership_renews"),
        CheckConstraint(
            "return_reason IS NULL OR"
            " (paid_at IS NOT NULL AND (item !~ '^pack' OR return_reason = 'account_closed'))",
            name="returns_what_is_paid",
        ),
        CheckConstraint("returned_at IS NULL OR return_reason IS NOT NULL", name="returned_for_a_reason"),
        CheckConstraint("tax_minor BETWEEN 0 AND amount_minor", name="tax_within_amount"),
        CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name="refunded_within_amount"),
        CheckConstraint(
            "kept_minor BETWEEN 0 AND amount_minor AND (kept_minor = 0 OR return_reason = 'withdrawn')",
            name="kept_of_withdrawn",
        ),
        CheckConstraint(
            "(state IN ('paid', 'refunded', 'disputed')) = (paid_at IS NOT NULL)", name="paid_has_time"
        ),
        CheckConstraint(
            "(paid_at IS NOT NULL AND item LIKE 'pack:%') = (lot_id IS NOT NULL)", name="paid_pack_has_lot"
        ),
        CheckConstraint("state <> 'pending' OR checkout_id IS NOT NULL", name="pending_has_checkout"),
        Index("ix_orders_owner_id", "owner_id", "id"),
        Index("ix_orders_open", "expires_at", postgresql_where="state IN ('created', 'pending')"),
        CheckConstraint(
            "return_attempts >= 0 AND (return_attempts = 0 OR return_reason IS NOT NULL)",
            name="returns_tried_for_a_reason",
        ),
        Index("ix_orders_to_return", "id", postgresql_where="return_reason IS NOT NULL AND state = 'paid'"),
        Index(
            "ix_orders_lost_works",
            "id",
            postgresql_where="state IN ('refunded', 'disputed') AND subject_id IS NOT NULL",
        ),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("credit_accounts.user_id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    item: Mapped[str] = mapped_column(String(64))
    credits: Mapped[int] = mapped_column(default=0)
    days: Mapped[int] = mapped_column(default=0)
    subject_id: Mapped[UUID | None]
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    tax_region: Mapped[str] = mapped_column(String(16), default="")
    currency: Mapped[str] = mapped_column(String(3))
    price_key: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    base_url: Mapped[str] = mapped_column(String(300))
    channel: Mapped[str] = mapped_column(String(16))
    is_test: Mapped[bool]
    state: Mapped[OrderState] = mapped_column(
        stored_enum(OrderState, "order_state"), default=OrderState.CREATED
    )
    checkout_id: Mapped[str | None] = mapped_column(String(255))
    checkout_url: Mapped[str | None] = mapped_column(String(2000))
    payment_id: Mapped[str | None] = mapped_column(String(255))
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("credit_lots.id", ondelete="RESTRICT"))
    warned_at: Mapped[datetime | None]
    trusted_at: Mapped[datetime | None]
    is_first_month: Mapped[bool] = mapped_column(default=False, server_default=false())
    consent_version: Mapped[str | None] = mapped_column(String(64))
    subscription_id: Mapped[str | None] = mapped_column(String(255))
    return_reason: Mapped[ReturnReason | None] = mapped_column(stored_enum(ReturnReason, "return_reason"))
    returned_at: Mapped[datetime | None]
    return_attempts: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    return_due_at: Mapped[datetime | None]
    kept_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    @property
    def to_return_minor(self) -> int:
        """What is left of the money and is not ours to keep."""
        return max(0, self.amount_minor - self.kept_minor - self.refunded_minor)

    @property
    def kind(self) -> ItemKind:
        return ItemKind(self.item.partition(":")[0])


class RefundState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # the money came back to us, and with it the credits to the buyer


class OrderRefund(HasCreatedAt, Base):
    """One refund. Money is keyed by it: several may belong to an order, and one may fail later."""

    __tablename__ = "order_refunds"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="returns_something"),
        Index("ix_order_refunds_order_id", "order_id"),
    )

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    refund_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    credits: Mapped[int]
    state: Mapped[RefundState] = mapped_column(stored_enum(RefundState, "refund_state"))


class DisputeState(StrEnum):
    INQUIRY = "inquiry"  # a question; no money has moved, nothing is frozen
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class OrderDispute(HasCreatedAt, Base):
    """One dispute. While it is open the order's credits are frozen; lost, they are taken back."""

    __tablename__ = "order_disputes"
    __table_args__ = (Index("ix_order_disputes_order_id", "order_id"),)

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    dispute_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(64))
    state: Mapped[DisputeState] = mapped_column(stored_enum(DisputeState, "dispute_state"))
