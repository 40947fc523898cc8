"""Owners learn at once: a word on a Redis channel, and whoever listens looks at the database.

Nothing is stored there. An event is a look at the row, numbered by what only grows; losing the word costs a
second (`service.http.unlock_events`).
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

PREFIX: Final = "huajian:unlock:"
GATHER_SECONDS: Final = 0.02  # nobody sees it, and a rush of helps is announced in fifty words a second


def channel_of(link_id: UUID) -> str:
    """The channel on which a link's news is announced."""
    return f"{PREFIX}{link_id}"


class LinkNews:
    """Says that something about a link has changed, once it is committed. Nobody waits until it is said."""

    def __init__(self, redis: Redis, *, forget: Callable[[UUID], None]) -> None:
        """forget: what this process still remembers of a link; called before anybody else is told."""
        self._redis = redis
        self._forget = forget
        self._waiting: set[UUID] = set()
        self._speaker: asyncio.Task[None] | None = None

    def announce(self, link_ids: Iterable[UUID]) -> None:
        """Say it as soon as possible, together with what others announce meanwhile."""
        for link_id in link_ids:
            self._forget(link_id)
            self._waiting.add(link_id)
        if self._waiting and (self._speaker is None or self._speaker.done()):
            self._speaker = asyncio.create_task(self._say_all())

    async def close(self) -> None:
        """What is waiting is said first."""
        if self._speaker is not None:
            await self._speaker

    async def _say_all(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER_SECONDS)
            said, self._waiting = self._waiting, set()
            try:
                async with self._redis.pipeline(transaction=False) as pipeline:
                    for link_id in said:
                        pipeline.publish(channel_of(link_id), "1")
                    await pipeline.execute()
            except (RedisError, OSError) as error:
                log.warning("unlocking.news_lost", links=len(said), error=repr(error))
