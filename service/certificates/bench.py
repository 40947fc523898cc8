"""Where files are made: a few threads beside the loop, so that a rush of exports keeps no request waiting."""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

AT_ONCE: Final = 2

P = ParamSpec("P")
T = TypeVar("T")


class Bench:
    """In a process one for what is signed, and one for what is printed and packed."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turns = asyncio.Semaphore(at_once)

    async def run(self, make: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """What a function that blocks returns, when it is its turn."""
        async with self._turns:
            return await asyncio.to_thread(make, *args, **options)
