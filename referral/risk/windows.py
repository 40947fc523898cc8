"""How often things happened lately, counted in Redis: two fixed windows make one that slides.

Counted is what differs: whoever does the same again and again, refused each time, is no crowd.
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
PREFIX: Final = "huajian:pace"

# KEYS: the present window of each counter, then the one before it. ARGV: 1 to count; then of each counter
# what happened, seconds to keep, share.
COUNT: Final = """
local answers = {}
for i = 1, #KEYS / 2 do
  local present, before, what, keep, share = KEYS[2 * i - 1], KEYS[2 * i], unpack(ARGV, 3 * i - 1, 3 * i + 1)
  local is_first = ARGV[1] == '1' and redis.call('SADD', present, what) == 1
  local count = redis.call('SCARD', present)
  if is_first and count == 1 then redis.call('EXPIRE', present, keep) end
  answers[i] = count + math.floor(redis.call('SCARD', before) * tonumber(share))
end
return answers
"""


class Counter(NamedTuple):
    """Occurrences of `subject` (a hash or an id) within `seconds`. what: names this one; it counts once."""

    name: str
    subject: str
    seconds: int
    what: bytes


class VelocityWindows:
    """One per process."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(COUNT)

    async def count(self, counters: Sequence[Counter], *, now: datetime) -> list[int] | None:
        """How many of each there were lately, this one included. None when Redis is away."""
        return await self._ask(counters, now, is_counted=True)

    async def peek(self, counters: Sequence[Counter], *, now: datetime) -> list[int] | None:
        """How many there were lately; counts nothing. None when Redis is away."""
        return await self._ask(counters, now, is_counted=False)

    async def _ask(self, counters: Sequence[Counter], now: datetime, *, is_counted: bool) -> list[int] | None:
        keys: list[str] = []
        arguments: list[bytes | int | float] = [int(is_counted)]
        for counter in counters:
            window, elapsed = divmod(now.timestamp(), counter.seconds)
            name = f"{PREFIX}:{counter.name}:{counter.subject}"
            keys += [f"{name}:{int(window)}", f"{name}:{int(window) - 1}"]
            arguments += [counter.what, 2 * counter.seconds, 1 - elapsed / counter.seconds]
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                answers: list[int] = await self._script(keys=keys, args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("risk.windows_away", error=repr(error))
            return None
        return answers
