"""How often links were looked at: counted in Redis, once for each page token, written down in batches.

A view is no row: a famous link's page would write thousands of them a second. A batch is closed by renaming
the counter, and has a name; the row remembers the last one it got, so a keeper that dies between writing and
forgetting adds nothing twice. Redis lost: the views of the last seconds are lost, and nothing else.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.ids import new_id

log = structlog.get_logger()

COUNTS: Final = "huajian:views"
CLOSED: Final = "huajian:views:closed"
NAME_FIELD: Final = "batch"
MAX_LINKS: Final = 100_000  # of one batch; later links wait for the next

COUNT: Final = """
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then
  if redis.call('HLEN', KEYS[2]) < tonumber(ARGV[3]) or redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then
    redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
  end
  return 1
end
return 0
"""
# A batch that is closed already comes first: nobody opens another until it is written down and forgotten.
CLOSE: Final = """
if redis.call('EXISTS', KEYS[2]) == 0 then
  if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
  redis.call('RENAME', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
end
return redis.call('HGETALL', KEYS[2])
"""
FORGET: Final = """
if redis.call('HGET', KEYS[1], ARGV[2]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


@dataclass(frozen=True, slots=True)
class ViewBatch:
    """Views by the keyed hash of the link's code."""

    id: UUID
    counts: Mapping[bytes, int]


class ViewCounter:
    """One per process."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._count = redis.register_script(COUNT)
        self._close = redis.register_script(CLOSE)
        self._forget = redis.register_script(FORGET)

    async def count(self, code_hash: bytes, nonce: bytes, *, remembered_ms: int) -> bool:
        """Count a view of a page, once for its token; whether it was the first time.

        A view is worth no error to the reader: one that cannot be counted is logged and lost.
        """
        keys = [f"huajian:viewed:{nonce.hex()}", COUNTS]
        field = base64.b64encode(code_hash).decode()
        try:
            return bool(await self._count(keys=keys, args=[remembered_ms, field, MAX_LINKS]))
        except (RedisError, OSError) as error:
            log.warning("unlocking.view_lost", error=repr(error))
            return False

    async def close_batch(self) -> ViewBatch | None:
        """The views to write down next; the same again until it is forgotten. None: nobody looked.

        Raises: RedisError, OSError where Redis is away; so does `forget`.
        """
        flat = cast(list[str], await self._close(keys=[COUNTS, CLOSED], args=[str(new_id()), NAME_FIELD]))
        read = dict(zip(flat[::2], flat[1::2], strict=True))
        if not read:
            return None
        batch_id = UUID(read.pop(NAME_FIELD))
        counts = {base64.b64decode(field): int(count) for field, count in read.items()}
        return ViewBatch(batch_id, counts)

    async def forget(self, batch: ViewBatch) -> None:
        """The batch is written down."""
        await self._forget(keys=[CLOSED], args=[str(batch.id), NAME_FIELD])
