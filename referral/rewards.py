"""The reward of a link: one row keyed by the link, beside the one lot that has the link in its key."""

from datetime import datetime
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
