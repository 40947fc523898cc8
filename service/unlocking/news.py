"""Owners learn at once: a word on a Redis channel, and whoever listens looks at the database.

Nothing is stored there. An event is a look at the row, numbered by what only grows; losing the word costs a
second (`service.http.unlock_events`).
"""

from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

PREFIX: Final = "huajian:unlock:"


def channel_of(link_id: UUID) -> str:
    """The channel on which a link's news is announced."""
    return f"{PREFIX}{link_id}"


class LinkNews:
    """Says that something about a link has changed, once it is committed."""

    def __init__(self, redis: Redis, *, forget: Callable[[UUID], None]) -> None:
        """forget: what this process still remembers of a link; called before anybody else is told."""
        self._redis = redis
        self._forget = forget

    async def say_all(self, link_ids: Iterable[UUID]) -> None:
        """As `say`, for several in one go."""
        channels = []
        for link_id in link_ids:
            self._forget(link_id)
            channels.append(channel_of(link_id))
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for channel in channels:
                    pipeline.publish(channel, "1")
                await pipeline.execute()
        except (RedisError, OSError) as error:
            log.warning("unlocking.news_lost", links=len(channels), error=repr(error))

    async def say(self, link_id: UUID) -> None:
        await self.say_all([link_id])
