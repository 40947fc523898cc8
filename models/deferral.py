"""What was paid and not yet served, lot by lot and term by term: the detail of the deferred accounts."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt
from models.columns import stored_enum
from models.ledger import CURRENCY_CHARS


class ReleaseKind(StrEnum):
    """Why credits of a paid lot are owed no longer, and so where their price goes."""

    SPENT = "spent"  # revenue of packs
    CERTIFIED = "certified"  # revenue of certification
    EXPIRED = "expired"  # breakage
    VOIDED = "voided"  # given back with the money


class PaidLot(HasCreatedAt, Base):
    """The price of one credit lot, and how much of it the books have released.

    price_minor: net of tax, of all `quantity` credits. After k credits are released, in whatever order,
        floor(price_minor * k / quantity) has left the deferred account: in the end exactly the price.
    *_credits: how many credits the books have released so far for each reason.
    """

    __tablename__ = "paid_lots"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND price_minor > 0", name="sold_for_money"),
        CheckConstraint(
            "least(spent_credits, certified_credits, expired_credits, voided_credits) >= 0",
            name="releases_not_negative",
        ),
        CheckConstraint(
            "spent_credits + certified_credits + expired_credits + voided_credits <= quantity",
            name="released_within_quantity",
        ),
        CheckConstraint(
            "deferred_minor = price_minor - price_minor"
            " * (spent_credits + certified_credits + expired_credits + voided_credits) / quantity",
            name="deferred_is_unreleased_price",
        ),
        Index("ix_paid_lots_open", "lot_id", postgresql_where="is_open"),
        {"postgresql_with": {"fillfactor": 70}},  # room for the next release beside the last
    )

    lot_id: Mapped[UUID] = mapped_column(ForeignKey("credit_lots.id", ondelete="RESTRICT"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(CURRENCY_CHARS))
    quantity: Mapped[int]
    price_minor: Mapped[int] = mapped_column(BigInteger)
    deferred_minor: Mapped[int] = mapped_column(BigInteger)
    spent_credits: Mapped[int] = mapped_column(default=0, server_default="0")
    certified_credits: Mapped[int] = mapped_column(default=0, server_default="0")
    expired_credits: Mapped[int] = mapped_column(default=0, server_default="0")
    voided_credits: Mapped[int] = mapped_column(default=0, server_default="0")
    # The index names this and not the counters, so that a release need not touch any index.
    is_open: Mapped[bool] = mapped_column(
        Computed(
            "spent_credits + certified_credits + expired_credits + voided_credits < quantity", persisted=True
        )
    )


class LotRelease(Base):
    """Which lot gave how much to which ledger transaction. Append-only by trigger.

    No foreign keys: for a million lots they took a third of the pass (docs/decisions/ledger.md). The hourly
    proof finds an orphan instead.
    """

    __tablename__ = "lot_releases"
    __table_args__ = (
        CheckConstraint("credits > 0 AND amount_minor >= 0", name="releases_something"),
        # A transaction's rows lie together, so the smallest of indexes finds them.
        Index("ix_lot_releases_transaction_id", "transaction_id", postgresql_using="brin"),
    )

    lot_id: Mapped[UUID] = mapped_column(primary_key=True)
    transaction_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[ReleaseKind] = mapped_column(stored_enum(ReleaseKind, "release_kind"), primary_key=True)
    credits: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class MembershipTerm(HasCreatedAt, Base):
    """One paid stretch of a membership, released day by day.

    term_key: names what was paid, such as `stripe:invoice_line:il_…`.
    price_minor: net of tax, really paid. starts_on..ends_on: days in UTC, the last one excluded.
    served_until: the days before it are released.
    spread_minor: lies evenly over the days from `spread_from` to the end: the price from the start, and after
        a refund in the middle what was left of it, from that day on.
    """

    __tablename__ = "membership_terms"
    __table_args__ = (
        CheckConstraint("starts_on < ends_on", name="has_days"),
        CheckConstraint("deferred_minor BETWEEN 0 AND price_minor", name="deferred_within_price"),
        CheckConstraint("served_until BETWEEN spread_from AND ends_on", name="served_within_term"),
        CheckConstraint("spread_from >= starts_on AND spread_from < ends_on", name="spread_has_days"),
        CheckConstraint(
            "deferred_minor"
            " = spread_minor - spread_minor * (served_until - spread_from) / (ends_on - spread_from)",
            name="deferred_is_unserved_days",
        ),
        Index("ix_membership_terms_open", "served_until", postgresql_where="deferred_minor > 0"),
        Index("ix_membership_terms_user_id", "user_id"),
    )

    term_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("credit_accounts.user_id", ondelete="RESTRICT"))
    currency: Mapped[str] = mapped_column(String(CURRENCY_CHARS))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    deferred_minor: Mapped[int] = mapped_column(BigInteger)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    served_until: Mapped[date]
    spread_from: Mapped[date]
    spread_minor: Mapped[int] = mapped_column(BigInteger)


class RecognisedDay(Base):
    """A day whose revenue is in the books. Days follow each other without a gap."""

    __tablename__ = "ledger_recognised_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    recognised_at: Mapped[datetime]
    released_lots: Mapped[int]
    served_terms: Mapped[int]
