"""Count a link's qualified helps, and reward its owner when the goal is met: once, whoever comes first."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import lots
from billing import queries as credits
from core.clock import Clock
from core.database import Sessions
from models.credit import LotSource
from models.referral import HelpState, LinkState, UnlockLink
from models.risk import RiskDecision
from referral import budgets, counting, payers, rewards
from referral.errors import LinkNotFoundError
from referral.risk.assessor import Assessor
from service.flows.tell_link import tell_progress, tell_rewarded
from service.unlocking.news import LinkNews

RISK: Final = "risk"
OWN_CARD: Final = "own_card"
MAX_REWEIGHED: Final = 50  # helps of one link that are weighed again before its reward


@dataclass(frozen=True, slots=True)
class Standing:
    """A link as a round of counting left it.

    only_counted: helps were added to the progress of an open link, and no help was thought over again: what
        had qualified is qualified still.
    """

    link_id: UUID
    owner_id: UUID
    state: LinkState
    goal: int
    progress: int
    has_changed: bool
    only_counted: bool

    @property
    def missing(self) -> int:
        return max(0, self.goal - self.progress)


class Tallier:
    """One per process. However many helps of a link come in at once, one round at a time counts them.

    So the link's row is locked by at most one short transaction of each process, and no help waits for it
    before its own commit.
    """

    def __init__(self, sessions: Sessions, risk: Assessor, news: LinkNews, clock: Clock) -> None:
        self._sessions = sessions
        self._risk = risk
        self._news = news
        self._clock = clock
        self._running: dict[UUID, asyncio.Task[Standing]] = {}
        self._next: dict[UUID, asyncio.Task[Standing]] = {}

    async def count(self, link_id: UUID) -> Standing:
        """Count everything that was committed before this call; callers that wait together share a round.

        Raises: LinkNotFoundError; whatever the database raises.
        """
        running = self._running.get(link_id)
        if running is None:
            return await asyncio.shield(self._start(link_id))
        following = self._next.get(link_id)
        if following is None:  # the running round may have looked before our help was committed
            following = asyncio.create_task(self._after(link_id, running))
            self._next[link_id] = following
        return await asyncio.shield(following)

    def _start(self, link_id: UUID) -> "asyncio.Task[Standing]":
        task = asyncio.create_task(self._round(link_id))
        self._running[link_id] = task
        return task

    async def _after(self, link_id: UUID, running: "asyncio.Task[Standing]") -> Standing:
        await asyncio.wait([running])
        del self._next[link_id]  # who comes from now on may have committed after the next round's look
        # Somebody may have begun a round between the end of the last one and now: it looks late enough.
        begun = self._running.get(link_id)
        return await asyncio.shield(self._start(link_id) if begun is None else begun)

    async def _round(self, link_id: UUID) -> Standing:
        try:
            async with self._sessions.begin() as session:
                standing = await tally_link(session, self._risk, link_id, now=self._clock())
        finally:
            del self._running[link_id]
        if standing.has_changed:
            self._news.announce([link_id])
        return standing


async def tally_link(session: AsyncSession, risk: Assessor, link_id: UUID, *, now: datetime) -> Standing:
    """One round for one link, in the caller's transaction. Locks: link, owner's account, helps, budgets.

    Raises: LinkNotFoundError.
    """
    link = await counting.lock_link(session, link_id)
    if link is None:
        raise LinkNotFoundError("There is no such link.")
    before, only_counted = (link.state, link.progress), False
    if link.state is LinkState.OPEN:
        only_counted = await _count(session, risk, link, now)
    else:
        await counting.lapse(session, link_id, counting.LAPSED_LATE, now=now)
    has_changed = before != (link.state, link.progress)
    if has_changed and link.state is LinkState.OPEN:
        await tell_progress(session, link, now=now)
    elif has_changed and link.state is LinkState.REWARDED:
        await tell_rewarded(session, link, now=now)
    return Standing(link.id, link.owner_id, link.state, link.goal, link.progress, has_changed, only_counted)


async def _count(session: AsyncSession, risk: Assessor, link: UnlockLink, now: datetime) -> bool:
    """Whether nothing but the progress has changed."""
    found = await counting.list_uncounted(session, link.id)
    timely = [one for one in found if one.qualified_at <= link.expires_at]
    if len(timely) < len(found):
        await counting.lapse_late(session, link.id, until=link.expires_at, now=now)
    ids = [one.id for one in timely]
    if link.progress + sum(one.weight for one in timely) >= link.goal:
        await _try_to_reward(session, risk, link, ids, now)
        return False
    if ids:
        await _add(session, link, ids, now)
    return len(timely) == len(found)


async def _add(session: AsyncSession, link: UnlockLink, help_ids: list[UUID], now: datetime) -> None:
    link.progress += await counting.mark_counted(session, help_ids, now=now)
    link.version += 1
    await session.flush()


async def _try_to_reward(
    session: AsyncSession, risk: Assessor, link: UnlockLink, help_ids: list[UUID], now: datetime
) -> None:
    accounts = await credits.lock_accounts(session, [link.owner_id])  # before helps, as everywhere
    if not accounts or accounts[0].closed_at is not None:
        await expire(session, link, counting.LAPSED_LATE, now=now)
        return
    await _add(session, link, help_ids, now)
    await _think_again(session, risk, link, now)
    if link.progress >= link.goal:
        await _reward(session, link, now)


async def _think_again(session: AsyncSession, risk: Assessor, link: UnlockLink, now: datetime) -> None:
    """Weigh the helps once more: some patterns show only when all are there, and cards after the tap."""
    for help_id in await payers.list_own_helps(session, link.id):
        await _take_out(session, link, help_id, HelpState.DENIED, OWN_CARD, now)
    for help_id in await counting.list_counted(session, link.id, limit=MAX_REWEIGHED):
        verdict = await risk.reweigh_help(session, help_id, now=now)
        if verdict.effect is RiskDecision.ALLOW:
            continue
        state = HelpState.HELD if verdict.effect is RiskDecision.HOLD else HelpState.DENIED
        await _take_out(session, link, help_id, state, RISK, now)
    await session.flush()


async def _take_out(
    session: AsyncSession, link: UnlockLink, help_id: UUID, state: HelpState, reason: str, now: datetime
) -> None:
    weight = await counting.take_out(
        session, help_id, state, reason=reason, now=now, from_states=[HelpState.QUALIFIED]
    )
    link.progress -= weight or 0


async def _reward(session: AsyncSession, link: UnlockLink, now: datetime) -> None:
    lot_id = await lots.grant(
        session,
        user_id=link.owner_id,
        source=LotSource.REFERRAL,
        source_key=rewards.lot_key(link.id),
        quantity=link.reward_credits,
        now=now,
        expires_at=rewards.lot_expiry(link, now),
    )
    await rewards.record_reward(session, link, lot_id=lot_id, now=now)
    await counting.mark_rewarded(session, link.id, now=now)
    counting.end(link, LinkState.REWARDED, now=now)
    await session.flush()


async def expire(session: AsyncSession, link: UnlockLink, reason: str, *, now: datetime) -> None:
    """End a locked link without a reward: what waits lapses, what was set aside goes back."""
    counting.end(link, LinkState.EXPIRED, now=now)
    await session.flush()
    await counting.lapse(session, link.id, reason, now=now)
    await budgets.release(session, link.id, now=now)
