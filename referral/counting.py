"""Count qualified helps into a link's progress, under the lock of the link's row.

It is held for one short transaction, in which all helps that qualified meanwhile are counted together
(docs/decisions/unlock-links.md).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.referral import Help, HelpState, LinkState, UnlockLink

LAPSED_LATE: Final = "link_over"  # it qualified when the link had ended
LAPSED_MET: Final = "goal_met"  # the goal was met without it
LAPSED_EXPIRED: Final = "link_expired"

LIST_UNCOUNTED: Final = text("""
SELECT id, weight, qualified_at FROM helps
WHERE link_id = :link_id AND state = 'qualified' AND counted_at IS NULL
""")
LIST_UNCOUNTED_LINKS: Final = text("""
SELECT DISTINCT link_id FROM helps WHERE state = 'qualified' AND counted_at IS NULL LIMIT :limit
""")
LIST_EXPIRED: Final = text("""
SELECT l.id FROM unlock_links l
WHERE l.state = 'open' AND l.expires_at <= :now
  AND (l.expires_at <= :reviewed_before
       OR NOT EXISTS (SELECT FROM helps h WHERE h.link_id = l.id AND h.state = 'held'))
ORDER BY l.expires_at LIMIT :limit
""")
# Links that ended while a help was on its way in: what still waits there will never count.
LAPSE_LEFT_OVER: Final = text("""
UPDATE helps SET state = 'lapsed', reason = 'link_over', ended_at = :now
WHERE id IN (
  SELECT h.id FROM helps h JOIN unlock_links l ON l.id = h.link_id
  WHERE h.state IN ('pending', 'held') AND l.ended_at < :before LIMIT :limit FOR UPDATE OF h SKIP LOCKED
)
RETURNING id
""")


class Uncounted(NamedTuple):
    id: UUID
    weight: int
    qualified_at: datetime


async def lock_link(session: AsyncSession, link_id: UUID) -> UnlockLink | None:
    """The link, for whoever counts, ends or reverses; helps that come in do not wait for it."""
    statement = select(UnlockLink).where(UnlockLink.id == link_id).with_for_update(key_share=True)
    return await session.scalar(statement, execution_options={"populate_existing": True})


async def list_uncounted(session: AsyncSession, link_id: UUID) -> Sequence[Uncounted]:
    """Helps that qualified and are not in the progress yet."""
    rows = await session.execute(LIST_UNCOUNTED, {"link_id": link_id})
    return [Uncounted(*row) for row in rows]


async def list_counted(session: AsyncSession, link_id: UUID, *, limit: int) -> Sequence[UUID]:
    """Helps in the progress, newest first, but for those that a reviewer has let in."""
    statement = (
        select(Help.id)
        .where(Help.link_id == link_id, Help.state == HelpState.QUALIFIED, Help.counted_at.is_not(None))
        .where(Help.decided_at.is_(None))
        .order_by(Help.id.desc())
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def mark_counted(session: AsyncSession, help_ids: Sequence[UUID], *, now: datetime) -> int:
    """Put helps into the progress; the sum of the weights of those that were not in it."""
    statement = (
        update(Help)
        .where(Help.id.in_(help_ids), Help.state == HelpState.QUALIFIED, Help.counted_at.is_(None))
        .values(counted_at=now)
        .returning(Help.weight)
        .execution_options(synchronize_session=False)
    )
    return sum((await session.scalars(statement)).all())


async def take_out(
    session: AsyncSession,
    help_id: UUID,
    state: HelpState,
    *,
    reason: str,
    now: datetime,
    from_states: Sequence[HelpState],
) -> int | None:
    """Move a help to a state in which it does not count: what to take off the progress, None when not moved.

    state: HELD, DENIED or REVOKED.
    """
    found = await session.scalar(
        select(Help).where(Help.id == help_id, Help.state.in_(from_states)).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if found is None:
        return None
    weight = found.weight if found.counted_at is not None else 0
    found.state, found.reason, found.counted_at = state, reason, None
    found.ended_at = None if state is HelpState.HELD else now
    await session.flush()
    return weight


async def mark_rewarded(session: AsyncSession, link_id: UUID, *, now: datetime) -> None:
    """The helps in the progress brought the reward; those that still wait lapse."""
    await session.execute(
        update(Help)
        .where(Help.link_id == link_id, Help.state == HelpState.QUALIFIED, Help.counted_at.is_not(None))
        .values(state=HelpState.REWARDED, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    await lapse(session, link_id, LAPSED_MET, now=now)


async def lapse(session: AsyncSession, link_id: UUID, reason: str, *, now: datetime) -> None:
    """What waits, or qualified too late, will never count."""
    waiting = (Help.state.in_((HelpState.PENDING, HelpState.HELD))) | (
        (Help.state == HelpState.QUALIFIED) & Help.counted_at.is_(None)
    )
    await session.execute(
        update(Help)
        .where(Help.link_id == link_id, waiting)
        .values(state=HelpState.LAPSED, reason=reason, ended_at=now)
        .execution_options(synchronize_session=False)
    )


async def lapse_late(session: AsyncSession, link_id: UUID, *, until: datetime, now: datetime) -> None:
    """What qualified after the link's time will never count."""
    await session.execute(
        update(Help)
        .where(Help.link_id == link_id, Help.state == HelpState.QUALIFIED, Help.counted_at.is_(None))
        .where(Help.qualified_at > until)
        .values(state=HelpState.LAPSED, reason=LAPSED_LATE, ended_at=now)
        .execution_options(synchronize_session=False)
    )


def end(link: UnlockLink, state: LinkState, *, now: datetime) -> None:
    """End a locked link; an end is news to the owner."""
    link.state, link.ended_at = state, now
    link.version += 1


async def list_uncounted_links(session: AsyncSession, *, limit: int) -> Sequence[UUID]:
    """Links with helps that qualified and are not counted: just now, or when somebody died in between."""
    return (await session.scalars(LIST_UNCOUNTED_LINKS, {"limit": limit})).all()


async def list_expired(
    session: AsyncSession, *, now: datetime, reviewed_before: datetime, limit: int
) -> Sequence[UUID]:
    """Open links whose time is over; with helps in review only once they expired before `reviewed_before`."""
    values = {"now": now, "reviewed_before": reviewed_before, "limit": limit}
    return (await session.scalars(LIST_EXPIRED, values)).all()


async def lapse_left_over(session: AsyncSession, *, now: datetime, before: datetime, limit: int) -> int:
    """Helps that slipped in while their link was ending; how many."""
    values = {"now": now, "before": before, "limit": limit}
    return len((await session.scalars(LAPSE_LEFT_OVER, values)).all())
