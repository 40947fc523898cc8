"""Campaigns: which one a new link falls under, by whose variant, and how operators change them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from core.keys import Keys
from models.campaign import CAMPAIGN_TRANSITIONS, Audience, Campaign, CampaignState, ShareChannel
from referral.errors import BudgetTooLowError, CampaignNotFoundError, CampaignStateError
from referral.terms import Terms

FREE_TIER: Final = "free"
BUDGET_CHECK: Final = "used_within_budget"


@dataclass(frozen=True, slots=True)
class Offer:
    """What one owner is offered now."""

    campaign_id: UUID | None
    variant: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class CampaignWish:
    """What an operator asks for."""

    name: str
    starts_at: datetime
    ends_at: datetime
    audience: Audience
    channels: Sequence[ShareChannel] | None
    terms_a: Terms
    terms_b: Terms | None
    share_b_percent: int
    budget_credits: int

    def values(self) -> dict[str, Any]:
        """The columns of the row."""
        channels = None if self.channels is None else sorted({channel.value for channel in self.channels})
        return {
            "name": self.name,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "audience": self.audience,
            "channels": channels,
            "terms_a": self.terms_a.model_dump(),
            "terms_b": None if self.terms_b is None else self.terms_b.model_dump(),
            "share_b_percent": self.share_b_percent,
            "budget_credits": self.budget_credits,
        }

    def digest(self) -> bytes:
        return hashlib.sha256(json.dumps(self.values(), default=str, sort_keys=True).encode()).digest()


async def find_offer(
    session: AsyncSession,
    keys: Keys,
    *,
    owner_id: UUID,
    tier: str,
    channel: ShareChannel | None,
    now: datetime,
) -> Offer | None:
    """What the newest running campaign offers that is meant for this owner and channel; None without one.

    A campaign whose budget is spent offers nothing more. channel None: any.
    """
    audiences = [Audience.EVERYONE, Audience.FREE if tier == FREE_TIER else Audience.MEMBERS]
    statement = (
        select(Campaign)
        .where(Campaign.state == CampaignState.RUNNING, Campaign.starts_at <= now, Campaign.ends_at > now)
        .where(Campaign.audience.in_(audiences))
        .order_by(Campaign.starts_at.desc(), Campaign.id.desc())
    )
    if channel is not None:
        statement = statement.where(
            or_(Campaign.channels.is_(None), Campaign.channels.contains([channel.value]))
        )
    for campaign in await session.scalars(statement):
        offer = _offer(keys, campaign, owner_id)
        if campaign.used_credits + offer.terms.reward_credits <= campaign.budget_credits:
            return offer
    return None


def _offer(keys: Keys, campaign: Campaign, owner_id: UUID) -> Offer:
    if campaign.terms_b is not None and _draw(keys, campaign.id, owner_id) < campaign.share_b_percent:
        return Offer(campaign.id, "b", Terms.model_validate(campaign.terms_b))
    return Offer(campaign.id, "a", Terms.model_validate(campaign.terms_a))


def _draw(keys: Keys, campaign_id: UUID, owner_id: UUID) -> int:
    """A number from 0 to 99 that is always the same for the same owner and campaign."""
    digest = keys.digest("campaign-variant", str(campaign_id), str(owner_id))
    return int.from_bytes(digest[:8]) % 100


async def draft_once(
    session: AsyncSession, wish: CampaignWish, *, operator_id: UUID, key: str, now: datetime
) -> tuple[Campaign, bool]:
    """The draft that an operator's key makes, or has made before, of whatever; and whether it does now."""
    earlier = await _find_by_key(session, operator_id, key)
    if earlier is not None:
        return earlier, False
    try:
        async with session.begin_nested():
            return await _draft(session, wish, operator_id=operator_id, key=key, now=now), True
    except IntegrityError:
        earlier = await _find_by_key(session, operator_id, key)  # the same operator pressed twice
        if earlier is None:
            raise
        return earlier, False


async def _draft(
    session: AsyncSession, wish: CampaignWish, *, operator_id: UUID, key: str, now: datetime
) -> Campaign:
    campaign = Campaign(
        id=new_id(),
        created_by=operator_id,
        idempotency_key=key,
        request_hash=wish.digest(),
        state=CampaignState.DRAFT,
        used_credits=0,
        updated_by=operator_id,
        updated_at=now,
        created_at=now,
        **wish.values(),
    )
    session.add(campaign)
    await session.flush()
    return campaign


async def _find_by_key(session: AsyncSession, operator_id: UUID, key: str) -> Campaign | None:
    statement = select(Campaign).where(Campaign.created_by == operator_id, Campaign.idempotency_key == key)
    return await session.scalar(statement)


async def get_campaign(session: AsyncSession, campaign_id: UUID, *, for_update: bool = False) -> Campaign:
    """Raises: CampaignNotFoundError."""
    campaign = await session.get(Campaign, campaign_id, with_for_update=for_update, populate_existing=True)
    if campaign is None:
        raise CampaignNotFoundError("There is no such campaign.")
    return campaign


async def list_campaigns(session: AsyncSession, *, before_id: UUID | None, limit: int) -> Sequence[Campaign]:
    """Newest first."""
    statement = select(Campaign).order_by(Campaign.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(Campaign.id < before_id)
    return (await session.scalars(statement)).all()


async def edit_campaign(
    session: AsyncSession, campaign_id: UUID, changes: Mapping[str, Any], *, operator_id: UUID, now: datetime
) -> Campaign:
    """Change columns; links that exist keep their terms.

    Raises: CampaignNotFoundError, BudgetTooLowError.
    """
    campaign = await get_campaign(session, campaign_id, for_update=True)
    used = campaign.used_credits
    for name, value in changes.items():
        setattr(campaign, name, value)
    campaign.updated_by, campaign.updated_at = operator_id, now
    try:
        await session.flush()
    except IntegrityError as error:
        if BUDGET_CHECK in str(error.orig):
            raise BudgetTooLowError(used_credits=used) from error
        raise
    return campaign


async def move_campaign(
    session: AsyncSession, campaign_id: UUID, state: CampaignState, *, operator_id: UUID, now: datetime
) -> Campaign:
    """Start or stop one; where it is already nothing happens. Raises: CampaignStateError."""
    campaign = await get_campaign(session, campaign_id, for_update=True)
    if campaign.state is state:
        return campaign
    if state not in CAMPAIGN_TRANSITIONS[campaign.state]:
        raise CampaignStateError(campaign.state)
    campaign.state, campaign.updated_by, campaign.updated_at = state, operator_id, now
    await session.flush()
    return campaign
