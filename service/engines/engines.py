"""The embedded engines for the service: the same as `blocking`, without holding up the event loop."""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Final

import structlog

from service.engines.blocking import BlockingEngines
from service.engines.endpoints import Endpoints
from service.engines.errors import EngineError

_WATCH_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 30.0

log = structlog.get_logger(__name__)


class Engines:
    """A private Postgres and Valkey under `<data_dir>/engines`, shared with other processes.

    database_url, redis_url: a server to use instead; that engine is then not started at all.
    """

    def __init__(
        self, data_dir: Path, *, database_url: str | None = None, redis_url: str | None = None
    ) -> None:
        self._engines = BlockingEngines(data_dir, database_url=database_url, redis_url=redis_url)

    async def __aenter__(self) -> Endpoints:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> Endpoints:
        """Bring up what is not up yet and return when both answer; undone when cancelled on the way.

        Raises: EngineError.
        """
        work = asyncio.create_task(asyncio.to_thread(self._engines.start))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])  # a thread cannot be interrupted, only awaited
            await self.stop()
            raise

    async def ensure(self) -> None:
        """Bring back an engine that has died; cheap when none has.

        Raises: EngineError.
        """
        await asyncio.to_thread(self._engines.ensure)

    async def stop(self) -> None:
        """Leave; the last process to leave also stops the engines.

        Raises: EngineError.
        """
        await asyncio.shield(asyncio.to_thread(self._engines.stop))

    async def watch(self) -> None:
        """Ensure every second until cancelled; an engine that will not come up is tried ever more rarely."""
        pause = _WATCH_SECONDS
        while True:
            await asyncio.sleep(pause)
            try:
                await self.ensure()
            except (EngineError, OSError) as error:
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
                log.error("engine.not_healed", reason=str(error), next_try_seconds=pause)
            else:
                pause = _WATCH_SECONDS
