"""The keeper: everything that must happen without anybody asking. Each chore at its own pace."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from core.tasks import endable

log = structlog.get_logger()

FULL_SPEED_SECONDS: Final = 0.05  # between rounds while a chore still finds work


@dataclass(frozen=True, slots=True)
class Chore:
    """`act` does one bounded round and says whether more is waiting.

    Two keepers may run at once: every chore decides in the database, row by row, and none relies on
    being alone.
    """

    name: str
    every_seconds: float
    act: Callable[[], Awaitable[bool]]


async def keep(chores: list[Chore]) -> None:
    """Run the chores side by side until cancelled. A failing chore is logged and tried again in time."""
    async with asyncio.TaskGroup() as tasks:
        for chore in chores:
            tasks.create_task(endable(_repeat(chore)), name=chore.name)


async def _repeat(chore: Chore) -> None:
    while True:
        has_more = False
        try:
            has_more = await chore.act()
        except Exception as error:
            log.warning("keeper.chore_failed", chore=chore.name, error=repr(error))
        await asyncio.sleep(FULL_SPEED_SECONDS if has_more else chore.every_seconds)
