"""What the keeper does about unlock links: count and reward, expire, write views down, forget devices."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from referral import counting, helps, links
from service.flows.expire_link import expire_link
from service.flows.qualify_help import qualify_help
from service.wiring import Services
from service.workers.keeper import Chore

log = structlog.get_logger()

BATCH: Final = 100
PROVEN_WITHIN: Final = timedelta(days=2)  # helpers whose proof met their help, and keepers that were away
LEFT_OVER_AFTER: Final = timedelta(minutes=5)  # no help can still be on its way in
DEVICES_KEPT: Final = timedelta(days=90)


class ReferralChores:
    """Each method is one bounded round; True means that more may be waiting.

    One broken link must not hold up the others: it is logged, and tried again in the next round.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def all(self) -> list[Chore]:
        return [
            Chore("helps to count", 1.0, self.count_helps),
            Chore("proven helpers", 30.0, self.qualify_proven),
            Chore("expired links", 30.0, self.expire_links),
            Chore("left-over helps", 60.0, self.lapse_left_over),
            Chore("link views", 5.0, self.write_views),
            Chore("help devices", 3600.0, self.forget_devices),
        ]

    async def count_helps(self) -> bool:
        """Count what qualified, reward what met its goal: also what somebody left behind who died."""
        async with self._services.sessions() as session:
            waiting = await counting.list_uncounted_links(session, limit=BATCH)
        return await self._each(waiting, self._count) == BATCH

    async def qualify_proven(self) -> bool:
        """Helps of people who proved real in the very moment of their tap."""
        now = self._services.clock()
        async with self._services.sessions() as session:
            helpers = await helps.list_proven(session, since=now - PROVEN_WITHIN, limit=BATCH)
        for helper_id in helpers:
            # Each by itself: who ends a link locks the helps of many people, and two might wait in a circle.
            async with self._services.sessions.begin() as session:
                await qualify_help(session, helper_id, now=now)
        return len(helpers) == BATCH

    async def expire_links(self) -> bool:
        now = self._services.clock()
        review = timedelta(hours=self._services.unlocking.desk.programme.times.review_hours)
        async with self._services.sessions() as session:
            due = await counting.list_expired(session, now=now, reviewed_before=now - review, limit=BATCH)
        return await self._each(due, self._expire) == BATCH

    async def lapse_left_over(self) -> bool:
        now = self._services.clock()
        async with self._services.sessions.begin() as session:
            lapsed = await counting.lapse_left_over(
                session, now=now, before=now - LEFT_OVER_AFTER, limit=BATCH
            )
        return lapsed == BATCH

    async def write_views(self) -> bool:
        """Add the views of the last seconds to their links, each batch once."""
        views = self._services.unlocking.views
        batch = await views.close_batch()
        if batch is None:
            return False
        async with self._services.sessions.begin() as session:
            for code_hash, count in sorted(batch.counts.items()):  # in one order: two keepers never cross
                await links.add_views(session, code_hash, count, batch_id=batch.id)
        await views.forget(batch)
        return False

    async def forget_devices(self) -> bool:
        before = self._services.clock() - DEVICES_KEPT
        async with self._services.sessions.begin() as session:
            return await helps.forget_devices(session, before=before, limit=BATCH) == BATCH

    async def _count(self, link_id: UUID) -> None:
        await self._services.unlocking.tallier.count(link_id)

    async def _expire(self, link_id: UUID) -> None:
        services = self._services
        async with services.sessions.begin() as session:
            await expire_link(session, services.risk, link_id, now=services.clock())
        services.unlocking.news.announce([link_id])

    async def _each(self, link_ids: Sequence[UUID], act: Callable[[UUID], Awaitable[None]]) -> int:
        """How many of them were dealt with."""
        done = 0
        for link_id in link_ids:
            try:
                await act(link_id)
            except Exception:
                log.exception("keeper.link_failed", link_id=str(link_id))
            else:
                done += 1
        return done
