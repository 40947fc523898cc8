"""The review queue: helps that the risk score holds, and what a reviewer makes of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.referral import Help, HelpState, LinkSeats, UnlockLink
from referral.errors import HelpNotFoundError

REVIEWED = (HelpState.HELD, HelpState.DENIED)


async def list_helps(
    session: AsyncSession, state: HelpState, *, before_id: UUID | None, limit: int
) -> Sequence[tuple[Help, UnlockLink]]:
    """Helps in one state with their links, newest first."""
    statement = (
        select(Help, UnlockLink)
        .join(UnlockLink, UnlockLink.id == Help.link_id)
        .where(Help.state == state)
        .order_by(Help.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        statement = statement.where(Help.id < before_id)
    return [(found, link) for found, link in await session.execute(statement)]


async def find_link_id(session: AsyncSession, help_id: UUID) -> UUID:
    """Raises: HelpNotFoundError."""
    link_id = await session.scalar(select(Help.link_id).where(Help.id == help_id))
    if link_id is None:
        raise HelpNotFoundError("There is no such help.")
    return link_id


async def get_locked(session: AsyncSession, help_id: UUID) -> Help:
    """Raises: HelpNotFoundError."""
    found = await session.get(Help, help_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise HelpNotFoundError("There is no such help.")
    return found


async def take_seat(session: AsyncSession, link_id: UUID) -> int | None:
    """A seat for a help that was denied and is let in after all; None when the link is full."""
    statement = (
        select(LinkSeats)
        .where(LinkSeats.link_id == link_id, LinkSeats.taken < LinkSeats.seats)
        .order_by(LinkSeats.shard)
        .limit(1)
        .with_for_update()
    )
    row = await session.scalar(statement, execution_options={"populate_existing": True})
    if row is None:
        return None
    row.taken += 1
    return row.shard


def decide(
    found: Help,
    state: HelpState,
    *,
    reviewer_id: UUID,
    note: str | None,
    now: datetime,
    qualified_at: datetime | None = None,
) -> None:
    """Write a reviewer's word into a locked help."""
    found.state, found.decided_by, found.decided_at, found.note = state, reviewer_id, now, note
    if state is HelpState.QUALIFIED:
        found.qualified_at = qualified_at
    if state is HelpState.DENIED:
        found.reason, found.ended_at = "denied_by_reviewer", now
    else:
        found.reason, found.ended_at = None, None
