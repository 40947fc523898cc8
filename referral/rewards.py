"""The reward of a link: one row keyed by the link, beside the one lot that has the link in its key."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.referral import LinkReward, UnlockLink

LOT_KEY: Final = "referral:link:"
REVOKE_KEY: Final = "referral:revoke:"


def lot_key(link_id: UUID) -> str:
    """The lot's unique source key: a second lot for the link is refused by the database."""
    return f"{LOT_KEY}{link_id}"


def revoke_key(link_id: UUID) -> str:
    """The clawback's key."""
    return f"{REVOKE_KEY}{link_id}"


def lot_expiry(link: UnlockLink, now: datetime) -> datetime:
    """Until when the credits of a reward that is granted now can be spent."""
    return now + timedelta(days=link.reward_days)


async def record_reward(session: AsyncSession, link: UnlockLink, *, lot_id: UUID, now: datetime) -> None:
    session.add(
        LinkReward(
            link_id=link.id,
            owner_id=link.owner_id,
            lot_id=lot_id,
            credits=link.reward_credits,
            created_at=now,
        )
    )
    await session.flush()


async def find_reward(session: AsyncSession, link_id: UUID) -> LinkReward | None:
    return await session.get(LinkReward, link_id, populate_existing=True)
