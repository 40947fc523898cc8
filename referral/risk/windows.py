"""How often things happened lately, counted in Redis: two fixed windows make one that slides.

The share of the earlier window that still counts shrinks as the present one fills: at most off by what an
uneven earlier window hides. Counts may be lost with Redis; what the database knows is counted beside them.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

WAIT_SECONDS: Final = 1.0  # a Redis that swallows packets is as good as none
PREFIX: Final = "huajian:risk"

# KEYS: the present window of each counter, then the one before it. ARGV: 1 to count; seconds to keep; share.
COUNT: Final = """
local answers = {}
for i = 1, #KEYS / 2 do
  local present, before, keep = KEYS[2 * i - 1], KEYS[2 * i], ARGV[2 * i]
  local count
  if ARGV[1] == '1' then
    count = redis.call('INCR', present)
    if count == 1 then redis.call('EXPIRE', present, keep) end
  else
    count = tonumber(redis.call('GET', present) or 0)
  end
  answers[i] = count + math.floor(tonumber(redis.call('GET', before) or 0) * tonumber(ARGV[2 * i + 1]))
end
return answers
"""


class Counter(NamedTuple):
    """Occurrences of `subject` (a hash or an id) within `seconds`."""

    name: str
    subject: str
    seconds: int


class VelocityWindows:
    """One per process."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(COUNT)

    async def count(self, counters: Sequence[Counter], *, now: datetime) -> list[int] | None:
        """One more of each; how many there were lately, this one included. None when Redis is away."""
        return await self._ask(counters, now, is_counted=True)

    async def peek(self, counters: Sequence[Counter], *, now: datetime) -> list[int] | None:
        """How many there were lately; counts nothing. None when Redis is away."""
        return await self._ask(counters, now, is_counted=False)

    async def _ask(self, counters: Sequence[Counter], now: datetime, *, is_counted: bool) -> list[int] | None:
        keys: list[str] = []
        arguments: list[str | int | float] = [int(is_counted)]
        for counter in counters:
            window, elapsed = divmod(now.timestamp(), counter.seconds)
            name = f"{PREFIX}:{counter.name}:{counter.subject}"
            keys += [f"{name}:{int(window)}", f"{name}:{int(window) - 1}"]
            arguments += [2 * counter.seconds, 1 - elapsed / counter.seconds]
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                answers: list[int] = await self._script(keys=keys, args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("risk.windows_away", error=repr(error))
            return None
        return answers
