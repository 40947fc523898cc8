"""How long a start waits for Postgres and Redis, which may be starting, restarting or recovering."""

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from redis.exceptions import AuthenticationError, AuthorizationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import DBAPIError

from core.database import DatabaseAwayError, was_interrupted
from service.engines.errors import EngineDiedError, EngineError
from service.main.doctor.findings import one_line

log = structlog.get_logger()

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 5.0
PASSING: Final = (DatabaseAwayError, EngineDiedError, RedisConnectionError, RedisTimeoutError, OSError)
# redis-py counts these among lost connections, but no waiting mends a password.
LASTING: Final = (AuthenticationError, AuthorizationError)

T = TypeVar("T")


class StartError(Exception):
    """The process cannot start. For operators: says what is away, where, since when and why."""


class Patience:
    """One deadline for everything that a start waits for, and a way to give up before it.

    given_up: set once the process was told to end, also after its start.
    fault: what the start failed for.
    """

    def __init__(self, wait_seconds: float) -> None:
        self._wait_seconds = wait_seconds
        self._began = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self.given_up = asyncio.Event()
        self.fault: StartError | None = None

    def give_up(self) -> None:
        """The process was told to end; may be called from a signal handler."""
        self._loop.call_soon_threadsafe(self.given_up.set)

    async def insist(self, name: str, act: Callable[[], Awaitable[T]], *, tries: float = math.inf) -> T:
        """Do it, again and again while what it needs is away.

        Args:
            name: what is needed and where it should be, without any password.
            tries: for what seldom mends itself.
        Raises: StartError.
        """
        pause_seconds, tried = FIRST_PAUSE_SECONDS, 1
        while True:
            try:
                result = await act()
            except Exception as error:
                if not _is_passing(error):
                    raise self._fail(f"{name} cannot be used: {_explain(error)}") from error
                if tried >= tries or self._waited() >= self._wait_seconds:
                    raise self._fail(f"{name}: away for {self._waited():.0f} s: {_explain(error)}") from error
                log.warning("start.waiting", waiting_for=name, reason=one_line(error))
            else:
                if tried > 1:
                    log.info("start.answered", name=name, seconds=round(self._waited(), 1))
                return result
            await self._pause(pause_seconds, name)
            pause_seconds, tried = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS), tried + 1

    def _waited(self) -> float:
        return time.monotonic() - self._began

    async def _pause(self, seconds: float, name: str) -> None:
        left = max(0.0, self._wait_seconds - self._waited())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, left)):
                await self.given_up.wait()
        if self.given_up.is_set():
            raise self._fail(f"It was told to end while it waited for: {name}")

    def _fail(self, why: str) -> StartError:
        self.fault = StartError(why)
        return self.fault


def _explain(error: Exception) -> str:
    """All of it where an engine says what it printed, else a line: SQLAlchemy adds whole statements."""
    return str(error) if isinstance(error, EngineError) else one_line(error)


def _is_passing(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        return was_interrupted(error)
    return isinstance(error, PASSING) and not isinstance(error, LASTING)
