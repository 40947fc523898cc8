"""Somebody has proved real: their pending helps qualify, beside what proved it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from referral import helps


async def qualify_help(session: AsyncSession, helper_id: UUID, *, now: datetime) -> None:
    """In the transaction that verifies a contact or ends a first work, so that neither is without the other.

    The keeper counts them within a second, and rewards (`service.workers.referral_chores`): dying in between
    delays a reward and loses none. Costs one look at an index where nothing is pending.
    """
    await helps.qualify(session, helper_id, now=now)
