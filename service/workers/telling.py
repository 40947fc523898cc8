"""What one attempt tells the world while it is made, piece by piece and in order."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from service.jobs.events import EventLog

log = structlog.get_logger()


async def say(
    events: EventLog, job_id: UUID, event: str, data: Mapping[str, Any], *, is_final: bool = False
) -> None:
    """News may be lost without harm: clients are told the row's state in the end."""
    try:
        await events.append(job_id, event, data, is_final=is_final)
    except (RedisError, OSError) as error:
        log.warning("worker.news_lost", job_id=str(job_id), error=repr(error))


class Telling:
    """Says things without making the maker wait. As `service.workers.renderers.Listener`."""

    def __init__(self, events: EventLog, job_id: UUID) -> None:
        self._events = events
        self._job_id = job_id
        self._last: asyncio.Task[None] | None = None
        self._sections = 0
        self.share_done = 0.0

    def stepped(self, step: int, steps: int) -> None:
        """The work is so far."""
        self.share_done = step / steps
        self._say("progress", {"step": step, "steps": steps})

    def told(self, text: str) -> None:
        """A part is finished and may be shown."""
        self._sections += 1
        self._say("section", {"section": self._sections, "text": text})

    async def settled(self) -> None:
        """Until everything was said."""
        if self._last is not None:
            await self._last

    def _say(self, event: str, facts: Mapping[str, Any]) -> None:
        data = {"state": "running", "progress": round(min(self.share_done, 0.99), 2), **facts}
        self._last = asyncio.create_task(self._say_after(self._last, event, data))

    async def _say_after(
        self, before: asyncio.Task[None] | None, event: str, data: Mapping[str, Any]
    ) -> None:
        if before is not None:
            await before
        await say(self._events, self._job_id, event, data)
