"""Tasks that run beside the work, and a way to end them that always ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

log = structlog.get_logger()

INSIST_SECONDS: Final = 1.0


async def end(task: "asyncio.Future[Any]") -> None:
    """Cancel and wait. Libraries may swallow one cancellation, at a timeout of their own: so insist.

    Who is cancelled meanwhile passes it on, and goes only after the task: else it would be left behind.
    """
    told: asyncio.CancelledError | None = None
    while not task.done():
        task.cancel()
        try:
            await asyncio.wait({task}, timeout=INSIST_SECONDS)
        except asyncio.CancelledError as cancelled:
            told = cancelled
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("task.failed", exc_info=error)
    if told is not None:
        raise told


async def endable(work: Awaitable[None]) -> None:
    """`work` as a member of a TaskGroup: a group cancels its members once, and then waits for ever."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await end(task)
        raise


@asynccontextmanager
async def background(work: Awaitable[None]) -> AsyncIterator[None]:
    """Run `work` beside the block and end it with the block."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        await end(task)
