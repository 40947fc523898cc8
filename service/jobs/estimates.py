"""How long it will take, from what was measured: recent durations and the workers that are alive."""

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

KEPT_DURATIONS: Final = 64
WORKER_SECONDS: Final = 15.0  # a worker that said nothing for so long does not count
FRESH_SECONDS: Final = 1.0  # estimates read at most this often per process
ALIVE_KEY: Final = "huajian:workers"  # by the time of their last sign of life
LANES_KEY: Final = "huajian:worker_lanes"


def _durations_key(kind: str) -> str:
    return f"huajian:durations:{kind}"


@dataclass(frozen=True, slots=True)
class Pace:
    """pass_seconds: of one pass of a device, None before the first one. job_seconds: its share for each job
    that rode along. lanes: devices at work.
    """

    pass_seconds: float | None
    job_seconds: float
    lanes: int

    def eta_seconds(self, jobs_ahead: int) -> int | None:
        """Whole seconds until a job with so many before it is done; None when nobody can say."""
        if self.pass_seconds is None or self.lanes == 0:
            return None
        return max(1, math.ceil(jobs_ahead * self.job_seconds / self.lanes + self.pass_seconds))


def _read_pass(entry: str) -> tuple[float, int]:
    """(seconds, size); entries of the release before this one have no size."""
    seconds, _, size = entry.partition("/")
    return float(seconds), int(size or 1)


class Estimates:
    """Shared through Redis; an empty Redis only means no estimate for a while."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._paces: dict[str, tuple[float, Pace]] = {}

    async def record(self, kind: str, seconds: float, *, size: int = 1) -> None:
        """A pass of so many jobs of that kind took so long."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.lpush(_durations_key(kind), f"{seconds:.3f}/{size}")
            pipeline.ltrim(_durations_key(kind), 0, KEPT_DURATIONS - 1)
            await pipeline.execute()

    async def announce(self, worker_id: UUID, lanes: int) -> None:
        """This worker is alive and has so many devices at work."""
        now = time.time()
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zadd(ALIVE_KEY, {str(worker_id): now})
            pipeline.hset(LANES_KEY, str(worker_id), str(lanes))
            await pipeline.execute()
        silent = cast(list[str], await self._redis.zrangebyscore(ALIVE_KEY, 0, now - WORKER_SECONDS))
        if silent:
            await self._forget(silent)

    async def withdraw(self, worker_id: UUID) -> None:
        """This worker is leaving."""
        await self._forget([str(worker_id)])

    async def _forget(self, workers: Sequence[str]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zrem(ALIVE_KEY, *workers)
            pipeline.hdel(LANES_KEY, *workers)
            await pipeline.execute()

    async def _count_lanes(self) -> int:
        alive = await self._redis.zrangebyscore(ALIVE_KEY, time.time() - WORKER_SECONDS, "+inf")
        if not alive:
            return 0
        lanes = cast(list[str | None], await self._redis.hmget(LANES_KEY, cast(list[str], alive)))
        return sum(int(count) for count in lanes if count)

    async def eta_seconds(self, kind: str, *, jobs_ahead: int) -> int | None:
        """Seconds until a job with so many before it is done; None when nobody can say."""
        try:
            return (await self.pace(kind)).eta_seconds(jobs_ahead)
        except (RedisError, OSError):
            return None

    async def pace(self, kind: str) -> Pace:
        """The pace of that kind now."""
        read_at, pace = self._paces.get(kind, (-math.inf, Pace(None, 0.0, 0)))
        if time.monotonic() - read_at < FRESH_SECONDS:
            return pace
        durations = cast(list[str], await self._redis.lrange(_durations_key(kind), 0, -1))
        passes = [_read_pass(entry) for entry in durations]
        pace = Pace(
            pass_seconds=statistics.median(seconds for seconds, _ in passes) if passes else None,
            job_seconds=statistics.median(seconds / size for seconds, size in passes) if passes else 0.0,
            lanes=await self._count_lanes(),
        )
        self._paces[kind] = (time.monotonic(), pace)
        return pace
