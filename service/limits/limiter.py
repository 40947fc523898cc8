"""Request limits, exact across processes: the generic cell rate algorithm in one Redis script.

Source: ITU-T I.371 (GCRA, virtual scheduling). All decisions that arrive while one script runs share the
next one, so a limit costs microseconds instead of a round trip of its own.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import structlog
from redis.asyncio import Redis

from core.errors import DomainError, ErrorKind

log = structlog.get_logger()

MAX_BATCH: Final = 500

TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local answers = {}
for i, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local due = math.max(tonumber(redis.call('GET', key) or 0), now) + interval
  local room = now + interval * burst - due
  if room > -0.5 then
    redis.call('SET', key, string.format('%.3f', due), 'PX', math.max(1, math.ceil(due - now)))
    answers[i] = {1, math.max(0, math.floor((room + 0.5) / interval)), math.ceil(due - now)}
  else
    answers[i] = {0, 0, math.ceil(-room)}
  end
end
return answers
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """`quota` requests at once, and again as many in every `window_seconds`."""

    name: str
    quota: int
    window_seconds: int


class Decision(NamedTuple):
    """seconds: until the quota is whole again; after a refusal, until one request fits."""

    policy: Policy
    is_allowed: bool
    remaining: int
    seconds: float

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Source: draft-ietf-httpapi-ratelimit-headers-10."""
        policy, reset = self.policy, math.ceil(self.seconds)
        return [
            (b"ratelimit-policy", f'"{policy.name}";q={policy.quota};w={policy.window_seconds}'.encode()),
            (b"ratelimit", f'"{policy.name}";r={self.remaining};t={reset}'.encode()),
        ]


class RateLimitedError(DomainError):
    """Too many requests; nothing was done."""

    code = "rate_limited"
    kind = ErrorKind.LIMITED

    def __init__(self, decision: Decision) -> None:
        super().__init__("Too many requests.")
        self.retry_after_seconds = max(1, math.ceil(decision.seconds))

    def facts(self) -> dict[str, object]:
        return {"retry_after_seconds": self.retry_after_seconds}


class LimiterUnavailableError(DomainError):
    """Redis is away; what spends must wait, what reads need not."""

    code = "unavailable"
    kind = ErrorKind.UNAVAILABLE


Answer = tuple[int, int, int]  # whether it is allowed, how many are left, milliseconds
Waiting = tuple[str, Sequence[Policy], "asyncio.Future[Decision]"]


class Limiter:
    """One per process; `take` from any task."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(TAKE)
        self._waiting: list[Waiting] = []
        self._flusher: asyncio.Task[None] | None = None

    async def take(self, subject: str, *policies: Policy) -> Decision:
        """Count one request of `subject` against each policy.

        The answer is that of the first policy that refuses, else of the last.
        Raises: LimiterUnavailableError.
        """
        future: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._waiting.append((subject, policies, future))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        return await future

    async def _flush(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            try:
                answers = await self._ask(taken)
            except Exception as error:
                log.warning("limiter.away", error=repr(error))
                for _, _, future in taken:
                    if not future.done():
                        future.set_exception(LimiterUnavailableError("The service is recovering."))
                continue
            left = iter(answers)
            for _, policies, future in taken:
                decisions = [_decide(policy, next(left)) for policy in policies]
                if not future.done():
                    future.set_result(next((one for one in decisions if not one.is_allowed), decisions[-1]))

    async def _ask(self, taken: Sequence[Waiting]) -> list[Answer]:
        keys: list[str] = []
        arguments: list[int | float] = []
        for subject, policies, _ in taken:
            for policy in policies:
                keys.append(f"huajian:limit:{policy.name}:{subject}")
                arguments += (policy.window_seconds * 1000 / policy.quota, policy.quota)
        answers: list[Answer] = await self._script(keys=keys, args=arguments)
        return answers


def _decide(policy: Policy, answer: Answer) -> Decision:
    allowed, remaining, milliseconds = answer
    return Decision(policy, bool(allowed), remaining, milliseconds / 1000)
