"""Write into the outbox how an unlock link is getting on, beside the change itself."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from models.referral import UnlockLink
from service.outbox import queries as outbox
from service.outbox.events import EventType


async def tell_progress(session: AsyncSession, link: UnlockLink, *, now: datetime) -> None:
    """More helps count, or fewer. The last thing that it locks."""
    await _tell(session, link, EventType.UNLOCK_LINK_PROGRESS, now)


async def tell_rewarded(session: AsyncSession, link: UnlockLink, *, now: datetime) -> None:
    """The goal was met and the credits are there. The last thing that it locks."""
    await _tell(session, link, EventType.UNLOCK_LINK_REWARDED, now)


async def _tell(session: AsyncSession, link: UnlockLink, event: EventType, now: datetime) -> None:
    data = {
        "unlock_link_id": link.id,
        "state": link.state.value,
        "goal": link.goal,
        "progress": link.progress,
        "missing": max(0, link.goal - link.progress),
        "reward_credits": link.reward_credits,
    }
    await outbox.append(session, link.owner_id, event, data, now=now)
