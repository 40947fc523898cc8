"""How many links an owner may have: decided with the owner's account locked, so two requests take turns."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.referral import LinkState, UnlockLink
from referral.errors import OwnerCapError
from referral.programme import Caps


def day_of(now: datetime) -> datetime:
    """When the day began, in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def month_of(now: datetime) -> datetime:
    """When the month began, in UTC."""
    return day_of(now).replace(day=1)


def next_month(now: datetime) -> datetime:
    return month_of(month_of(now) + timedelta(days=32))


async def count_links(session: AsyncSession, owner_id: UUID, now: datetime) -> tuple[int, int]:
    """(today, this month): links of the owner that are open or rewarded, by when they were made.

    One whose time is over is open until the keeper has ended it: its helps may wait for a reviewer, and still
    bring a reward.
    """
    today = func.count().filter(UnlockLink.created_at >= day_of(now))
    statement = select(today, func.count()).where(
        UnlockLink.owner_id == owner_id,
        UnlockLink.created_at >= month_of(now),
        UnlockLink.state.in_((LinkState.OPEN, LinkState.REWARDED)),
    )
    in_day, in_month = (await session.execute(statement)).one()
    return in_day, in_month


async def require_free_link(session: AsyncSession, owner_id: UUID, caps: Caps, *, now: datetime) -> None:
    """Refuse one link too many. A link that ended without a reward counts no longer.

    So an owner is rewarded for at most as many links of one day or month. Raises: OwnerCapError.
    """
    in_day, in_month = await count_links(session, owner_id, now)
    if in_month >= caps.links_per_month:
        raise OwnerCapError(
            f"{in_month} links of this month are open or rewarded.",
            limit=caps.links_per_month,
            ends_at=next_month(now),
            now=now,
        )
    if in_day >= caps.links_per_day:
        raise OwnerCapError(
            f"{in_day} links of today are open or rewarded.",
            limit=caps.links_per_day,
            ends_at=day_of(now) + timedelta(days=1),
            now=now,
        )
