"""Unlock links, the helps they get and the one reward each can bring. One level deep, by schema."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId
from models.campaign import ShareChannel
from models.columns import stored_enum


class LinkState(StrEnum):
    OPEN = "open"  # takes helps until expires_at
    REWARDED = "rewarded"  # the goal was met and the lot granted
    EXPIRED = "expired"  # the time ran out first, or the owner left
    REVOKED = "revoked"  # the reward was taken back


LINK_TRANSITIONS: Final[Mapping[LinkState, frozenset[LinkState]]] = {
    LinkState.OPEN: frozenset({LinkState.REWARDED, LinkState.EXPIRED}),
    LinkState.REWARDED: frozenset({LinkState.REVOKED}),
    LinkState.EXPIRED: frozenset(),
    LinkState.REVOKED: frozenset(),
}


class UnlockLink(HasId, HasCreatedAt, Base):
    """One request for help. The terms are frozen in the row; its code is derived from the id, never stored.

    code_hash: keyed; finds the row by the code.
    seats: helps that it can take, whatever becomes of them.
    progress: the sum of the weights of counted helps. version: grows with every change that an owner sees.
    reserved_at: since when the budgets hold the reward: since the first help. released_at: they got it back.
    budget_month: which month of the programme it came from.
    views_batch: the last batch of views that was added, so that none is added twice.
    """

    __tablename__ = "unlock_links"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        UniqueConstraint("id", "owner_id"),
        CheckConstraint("goal BETWEEN 1 AND 1000000", name="goal_bounded"),
        CheckConstraint(
            "weight_new BETWEEN 1 AND 100 AND weight_existing BETWEEN 1 AND 100", name="weights_bounded"
        ),
        CheckConstraint("reward_credits > 0 AND reward_days > 0 AND seats > 0", name="terms_positive"),
        CheckConstraint("progress >= 0 AND views >= 0 AND version >= 0", name="counts_not_negative"),
        CheckConstraint("state <> 'rewarded' OR progress >= goal", name="rewarded_met_its_goal"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_has_time"),
        CheckConstraint("(reserved_at IS NULL) = (budget_month IS NULL)", name="reserved_from_a_month"),
        CheckConstraint(
            "released_at IS NULL OR (reserved_at IS NOT NULL AND state IN ('expired', 'revoked'))",
            name="released_when_unpaid",
        ),
        CheckConstraint(
            "state <> 'rewarded' OR (reserved_at IS NOT NULL AND released_at IS NULL)",
            name="rewarded_from_budget",
        ),
        Index("ix_unlock_links_owner_id", "owner_id", "id"),
        Index("ix_unlock_links_campaign_id", "campaign_id", "id"),
        Index("ix_unlock_links_open", "expires_at", postgresql_where="state = 'open'"),
        Index("ix_unlock_links_created_at", "created_at"),
        {"postgresql_with": {"fillfactor": 70}},  # progress and views change often: beside the old row
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[bytes]
    code_hash: Mapped[bytes] = mapped_column(unique=True)
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaigns.id", ondelete="RESTRICT"))
    variant: Mapped[str] = mapped_column(String(1), default="a")
    channel: Mapped[ShareChannel] = mapped_column(stored_enum(ShareChannel, "share_channel"))
    asker_name: Mapped[str | None] = mapped_column(String(40))
    work_id: Mapped[UUID | None] = mapped_column(ForeignKey("works.id", ondelete="SET NULL"))
    goal: Mapped[int]
    weight_new: Mapped[int] = mapped_column(SmallInteger)
    weight_existing: Mapped[int] = mapped_column(SmallInteger)
    reward_credits: Mapped[int]
    reward_days: Mapped[int]
    seats: Mapped[int]
    state: Mapped[LinkState] = mapped_column(stored_enum(LinkState, "link_state"), default=LinkState.OPEN)
    progress: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    views: Mapped[int] = mapped_column(BigInteger, default=0)
    views_batch: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reserved_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    budget_month: Mapped[date | None]


class LinkSeats(Base):
    """A share of a link's seats: a link that many help at once has several, so that they need not queue."""

    __tablename__ = "unlock_link_seats"
    __table_args__ = (CheckConstraint("taken BETWEEN 0 AND seats", name="taken_within_seats"),)

    link_id: Mapped[UUID] = mapped_column(ForeignKey("unlock_links.id", ondelete="CASCADE"), primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    seats: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)


class HelpState(StrEnum):
    PENDING = "pending"  # taken; counts once the helper has a verified contact or a finished work
    HELD = "held"  # a reviewer decides first
    QUALIFIED = "qualified"  # real; counts, or is about to
    REWARDED = "rewarded"  # it helped to a reward that was granted
    DENIED = "denied"  # does not count; a reviewer may think again while the link is open
    LAPSED = "lapsed"  # the link ended before it could count
    REVOKED = "revoked"  # it counted, and was taken back


HELP_TRANSITIONS: Final[Mapping[HelpState, frozenset[HelpState]]] = {
    HelpState.PENDING: frozenset(
        {HelpState.QUALIFIED, HelpState.HELD, HelpState.DENIED, HelpState.LAPSED, HelpState.REVOKED}
    ),
    HelpState.HELD: frozenset(
        {HelpState.PENDING, HelpState.QUALIFIED, HelpState.DENIED, HelpState.LAPSED, HelpState.REVOKED}
    ),
    HelpState.QUALIFIED: frozenset(
        {HelpState.REWARDED, HelpState.HELD, HelpState.DENIED, HelpState.LAPSED, HelpState.REVOKED}
    ),
    HelpState.REWARDED: frozenset({HelpState.REVOKED}),
    HelpState.DENIED: frozenset({HelpState.PENDING, HelpState.QUALIFIED}),
    HelpState.LAPSED: frozenset({HelpState.REVOKED}),
    HelpState.REVOKED: frozenset(),
}


class Help(HasId, HasCreatedAt, Base):
    """One person's help for one link. `weight` is frozen at the tap.

    owner_id: the link's, so that nobody can help themselves, by constraint.
    device_key: a keyed hash of link and device: one help per device and link, and no trace across links.
        None once it is 90 days old.
    page_nonce: of the page token that was spent on it: no token is spent twice.
    seat: which share of the link's seats it took; None for a help that was denied at the tap.
    counted_at: since when its weight is in the link's progress.
    reason: why it is held, denied, lapsed or revoked: a stable code.
    """

    __tablename__ = "helps"
    __table_args__ = (
        ForeignKeyConstraint(
            ["link_id", "owner_id"], ["unlock_links.id", "unlock_links.owner_id"], ondelete="RESTRICT"
        ),
        UniqueConstraint("link_id", "helper_id"),
        UniqueConstraint("link_id", "device_key"),
        UniqueConstraint("page_nonce"),
        CheckConstraint("helper_id <> owner_id", name="never_ones_own"),
        CheckConstraint("level = 1", name="one_level"),
        CheckConstraint("weight > 0", name="weight_positive"),
        CheckConstraint(
            "counted_at IS NULL OR state IN ('qualified', 'rewarded')", name="counted_is_qualified"
        ),
        CheckConstraint("state <> 'rewarded' OR counted_at IS NOT NULL", name="rewarded_was_counted"),
        CheckConstraint(
            "state NOT IN ('qualified', 'rewarded') OR qualified_at IS NOT NULL", name="qualified_has_time"
        ),
        CheckConstraint("state = 'denied' OR seat IS NOT NULL", name="accepted_has_seat"),
        Index("uq_helps_new", "helper_id", unique=True, postgresql_where="is_new"),  # nobody is new twice
        Index("ix_helps_pending", "helper_id", postgresql_where="state = 'pending'"),
        Index("ix_helps_uncounted", "link_id", postgresql_where="state = 'qualified' AND counted_at IS NULL"),
        Index("ix_helps_held", "id", postgresql_where="state = 'held'"),
        Index("ix_helps_helper_id", "helper_id", "created_at"),
        Index("ix_helps_owner_id", "owner_id", "created_at"),
        Index("ix_helps_waiting", "link_id", postgresql_where="state IN ('pending', 'held')"),
        Index("ix_helps_devices", "created_at", postgresql_where="device_key IS NOT NULL"),
    )

    link_id: Mapped[UUID]
    owner_id: Mapped[UUID]
    helper_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    level: Mapped[int] = mapped_column(SmallInteger, default=1)
    is_new: Mapped[bool]
    weight: Mapped[int] = mapped_column(SmallInteger)
    device_key: Mapped[bytes | None]
    page_nonce: Mapped[bytes]
    page_issued_at: Mapped[datetime]
    seat: Mapped[int | None] = mapped_column(SmallInteger)
    state: Mapped[HelpState] = mapped_column(stored_enum(HelpState, "help_state"))
    qualified_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(64))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    decided_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(500))


class HelpDay(Base):
    """How many helps a person gave on one day (UTC): the row that two taps of theirs wait for."""

    __tablename__ = "help_days"
    __table_args__ = (CheckConstraint("taken > 0", name="taken_positive"),)

    helper_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    taken: Mapped[int]


class LinkReward(HasCreatedAt, Base):
    """What a link brought its owner: keyed by the link, so there can be only one.

    revoked_at: it was taken back, by the clawback `referral:revoke:<link id>`.
    """

    __tablename__ = "link_rewards"
    __table_args__ = (
        ForeignKeyConstraint(
            ["link_id", "owner_id"], ["unlock_links.id", "unlock_links.owner_id"], ondelete="RESTRICT"
        ),
        CheckConstraint("credits > 0", name="credits_positive"),
        Index("ix_link_rewards_owner_id", "owner_id", "created_at"),
        Index("ix_link_rewards_created_at", "created_at"),
    )

    link_id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID]
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("credit_lots.id", ondelete="RESTRICT"), unique=True)
    credits: Mapped[int]
    revoked_at: Mapped[datetime | None]


class PaymentMark(HasCreatedAt, Base):
    """A card that somebody paid with, as a keyed hash: two accounts that share one do not help each other."""

    __tablename__ = "payment_marks"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
