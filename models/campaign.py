"""What operators offer for helps: campaigns with a budget, months of the programme, channels on and off."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId, Json
from models.columns import stored_enum


class ShareChannel(StrEnum):
    """Where the owner means to share a link; each can be switched off by itself."""

    LINK = "link"  # copied, or handed over by the phone's own share sheet
    POSTER = "poster"  # the picture with the QR code
    WECHAT = "wechat"
    QQ = "qq"
    WEIBO = "weibo"
    WHATSAPP = "whatsapp"
    X = "x"
    EMAIL = "email"


class Audience(StrEnum):
    """Who may open links under a campaign."""

    EVERYONE = "everyone"
    FREE = "free"  # without a membership
    MEMBERS = "members"


class CampaignState(StrEnum):
    DRAFT = "draft"  # can be edited freely; opens no links
    RUNNING = "running"  # opens links between starts_at and ends_at
    STOPPED = "stopped"  # opens no links; those with a help already keep their promise


CAMPAIGN_TRANSITIONS: Final[Mapping[CampaignState, frozenset[CampaignState]]] = {
    CampaignState.DRAFT: frozenset({CampaignState.RUNNING, CampaignState.STOPPED}),
    CampaignState.RUNNING: frozenset({CampaignState.STOPPED}),
    CampaignState.STOPPED: frozenset({CampaignState.RUNNING}),
}


class Campaign(HasId, HasCreatedAt, Base):
    """terms_a, terms_b: {goal, weight_new, weight_existing, reward_credits, reward_days, seats}.

    share_b_percent: of owners who get terms_b, by a keyed hash: always the same for the same owner.
    channels: None is every channel that is switched on.
    used_credits: rewards that were promised or paid, less what was released; never above the budget.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        UniqueConstraint("created_by", "idempotency_key"),
        CheckConstraint("used_credits BETWEEN 0 AND budget_credits", name="used_within_budget"),
        CheckConstraint("starts_at < ends_at", name="lasts"),
        CheckConstraint(
            "share_b_percent BETWEEN 0 AND 100 AND (terms_b IS NOT NULL) = (share_b_percent > 0)",
            name="share_is_of_b",
        ),
        Index("ix_campaigns_running", "starts_at", postgresql_where="state = 'running'"),
    )

    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[bytes]
    name: Mapped[str] = mapped_column(String(80))
    state: Mapped[CampaignState] = mapped_column(
        stored_enum(CampaignState, "campaign_state"), default=CampaignState.DRAFT
    )
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    audience: Mapped[Audience] = mapped_column(stored_enum(Audience, "audience"), default=Audience.EVERYONE)
    channels: Mapped[list[str] | None] = mapped_column(ARRAY(String(32)))
    terms_a: Mapped[Json]
    terms_b: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    share_b_percent: Mapped[int] = mapped_column(SmallInteger, default=0)
    budget_credits: Mapped[int] = mapped_column(BigInteger)
    used_credits: Mapped[int] = mapped_column(BigInteger, default=0)
    updated_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    updated_at: Mapped[datetime]


class ProgrammeMonth(Base):
    """What the whole programme has promised or paid of one month's budget (UTC), all campaigns together."""

    __tablename__ = "programme_months"
    __table_args__ = (CheckConstraint("used_credits >= 0", name="used_not_negative"),)

    month: Mapped[date] = mapped_column(primary_key=True)
    used_credits: Mapped[int] = mapped_column(BigInteger)


class ChannelSwitch(Base):
    """An operator's word on a channel; without a row, `referral/programme.toml` says."""

    __tablename__ = "channel_switches"

    channel: Mapped[ShareChannel] = mapped_column(
        stored_enum(ShareChannel, "share_channel"), primary_key=True
    )
    is_on: Mapped[bool]
    reason_zh: Mapped[str] = mapped_column(String(300))
    reason_en: Mapped[str] = mapped_column(String(300))
    changed_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    changed_at: Mapped[datetime]
