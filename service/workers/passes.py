"""What is learned from every pass of a device: metrics, and the pace by which waiting times are estimated."""

import asyncio
import contextlib

from redis.exceptions import RedisError

from service import metrics
from service.jobs.estimates import Estimates
from service.workers.messages import Passed


class PassRecorder:
    """Records without making anybody wait."""

    def __init__(self, estimates: Estimates) -> None:
        self._estimates = estimates
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, passed: Passed) -> None:
        metrics.observe_pass(passed.kind, passed.size, passed.seconds)
        task = asyncio.create_task(self._record(passed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _record(self, passed: Passed) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._estimates.record(passed.kind, passed.seconds, size=passed.size)
