"""Tasks that run beside the work, and a way to end them that always ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

log = structlog.get_logger()

INSIST_SECONDS: Final = 1.0


async def end(task: "asyncio.Future[Any]") -> None:
    """Cancel and wait. Libraries may swallow one cancellation, at a timeout of their own: so insist."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=INSIST_SECONDS)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("task.failed", exc_info=error)


@asynccontextmanager
async def background(work: Awaitable[None]) -> AsyncIterator[None]:
    """Run `work` beside the block and end it with the block."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        await end(task)
