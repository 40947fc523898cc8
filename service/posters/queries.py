"""Whose pictures may be in the store: a link's are named after it, so that nothing else need be kept."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.referral import UnlockLink


async def list_links_of(session: AsyncSession, owner_id: UUID) -> Sequence[UUID]:
    """Every link that the owner ever opened."""
    statement = select(UnlockLink.id).where(UnlockLink.owner_id == owner_id)
    return (await session.scalars(statement)).all()


async def list_links_over(
    session: AsyncSession, *, since: datetime, until: datetime, after_id: UUID | None, limit: int
) -> Sequence[UUID]:
    """Links that ended between two times, in the order of their ids."""
    ended_at = func.coalesce(UnlockLink.ended_at, UnlockLink.expires_at)
    statement = (
        select(UnlockLink.id).where(ended_at > since, ended_at <= until).order_by(UnlockLink.id).limit(limit)
    )
    if after_id is not None:
        statement = statement.where(UnlockLink.id > after_id)
    return (await session.scalars(statement)).all()
