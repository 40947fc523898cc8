"""What a job tells the world: a Redis stream per job with dense numbers, so a client can resume exactly."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

# Event 1 is always "queued" and needs no storing: the job row says it. Stored events start at 2.
FIRST_STORED: Final = 2
KEEP_SECONDS: Final = 24 * 3600
WAKE_CHANNEL: Final = "huajian:wake"

# One script: number, append, announce. The last event of a job is written once, whoever says it first.
APPEND: Final = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local number = tonumber(ARGV[1])
if #last > 0 then
  number = math.max(number, tonumber(string.match(last[1][1], '^%d+')) + 1)
  if last[1][2][6] == '1' then return 0 end
end
redis.call('XADD', KEYS[1], number .. '-0', 'event', ARGV[2], 'data', ARGV[3], 'final', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', KEYS[1], number)
return number
"""


@dataclass(frozen=True, slots=True)
class JobEvent:
    """`number` counts from 1 without gaps within a job and is the SSE id."""

    number: int
    event: str  # "state" or "progress"
    data: Mapping[str, Any]
    is_final: bool


def channel_of(job_id: UUID) -> str:
    """The stream's key, and the channel on which its growth is announced."""
    return f"huajian:job:{job_id}"


class EventLog:
    """Append and read. Losing it loses no job: the rows in Postgres are the truth."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._append = redis.register_script(APPEND)

    async def append(
        self,
        job_id: UUID,
        event: str,
        data: Mapping[str, Any],
        *,
        is_final: bool = False,
        least_number: int = FIRST_STORED,
    ) -> int:
        """Number and store one event.

        Args:
            least_number: what a client that has seen more than we remember still counts as new.
        Returns: its number, 0 when the job had said its last word already.
        """
        arguments: list[str | int] = [
            least_number,
            event,
            json.dumps(data, ensure_ascii=False),
            int(is_final),
            KEEP_SECONDS,
        ]
        return int(await self._append(keys=[channel_of(job_id)], args=arguments))

    async def read_after(self, job_id: UUID, number: int) -> Sequence[JobEvent]:
        """Stored events with a greater number, in order."""
        entries = cast(
            list[tuple[str, dict[str, str]]],
            await self._redis.xrange(channel_of(job_id), min=f"({number}-0"),
        )
        return [
            JobEvent(
                number=int(entry_id.partition("-")[0]),
                event=fields["event"],
                data=json.loads(fields["data"]),
                is_final=fields["final"] == "1",
            )
            for entry_id, fields in entries
        ]

    async def latest_progress(self, job_id: UUID) -> float:
        """The share that was last reported, 0.0 before the first report or while Redis is away."""
        try:
            entries = await self._redis.xrevrange(channel_of(job_id), count=1)
        except (RedisError, OSError):
            return 0.0
        if not entries:
            return 0.0
        _, fields = cast(tuple[str, dict[str, str]], entries[0])
        return float(json.loads(fields["data"]).get("progress", 0.0))

    async def say_cancelled(self, job_id: UUID) -> None:
        """Tell listeners that a queued job was cancelled; they also find out by themselves."""
        with contextlib.suppress(RedisError, OSError):
            await self.append(job_id, "state", {"state": "cancelled", "progress": 0.0}, is_final=True)

    async def say_failed(self, job_id: UUID, problem: Mapping[str, str]) -> None:
        """Tell listeners that a job was given up before anybody began it."""
        data = {"state": "failed", "progress": 0.0, "problem": problem}
        with contextlib.suppress(RedisError, OSError):
            await self.append(job_id, "state", data, is_final=True)

    async def say_queued(self, job_id: UUID) -> None:
        """Tell listeners that the job waits for another attempt."""
        with contextlib.suppress(RedisError, OSError):
            await self.append(job_id, "state", {"state": "queued", "progress": 0.0})

    async def wake_workers(self) -> None:
        """Tell idle workers that something was queued; they also look by themselves every second."""
        with contextlib.suppress(RedisError, OSError):
            await self._redis.publish(WAKE_CHANNEL, "1")
