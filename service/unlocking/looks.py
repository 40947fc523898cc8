"""Looks at links: what one shows to anybody is kept for a second, and read by one for all who ask then.

So a famous link is read once a second whatever its looks, and different links that are asked for during one
read share the next. Kept are only facts that are the same for everybody: page tokens are made for each look,
and whether a tap is taken is decided by the database.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.keys import Keys
from referral.codes import code_of, find_hash, hash_of
from referral.errors import LinkNotFoundError
from referral.looks import ShownLink

KEPT_SECONDS: Final = 1.0  # how long another process's change may stay unseen
MAX_KEPT: Final = 1000  # links; the longest kept goes first
MAX_BATCH: Final = 256

Read = Callable[[Sequence[bytes]], Awaitable[Mapping[bytes, ShownLink]]]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one read found; the same object for all who share it.

    began, ended: of the read, in seconds of the process's steady clock.
    """

    code_hash: bytes
    link: ShownLink
    began: float
    ended: float


class Looks:
    """One per process; `look` from any task."""

    def __init__(
        self, read: Read, keys: Keys, *, shown_days: float, tick: Callable[[], float] = time.monotonic
    ) -> None:
        """read: the links that are there, by the hash of their code, as they are when it is called."""
        self._read = read
        self._keys = keys
        self._shown_days = shown_days
        self._tick = tick
        self._kept: dict[bytes, Look] = {}
        self._waiting: dict[bytes, asyncio.Future[Look | None]] = {}
        self._reading: dict[bytes, asyncio.Future[Look | None]] = {}
        self._began = 0.0
        self._reader: asyncio.Task[None] | None = None

    async def look(self, code: str, *, now: datetime) -> Look:
        """A link as anybody may see it.

        Raises: LinkNotFoundError, the same for what never was, is long over or was withdrawn;
            DatabaseAwayError.
        """
        code_hash = find_hash(self._keys, code)
        found = None if code_hash is None else await self._find(code_hash)
        if found is None or found.link.is_long_over(now, self._shown_days):
            raise LinkNotFoundError("There is no such link.")
        return found

    def database_time(self, look: Look) -> datetime:
        """What the database's clock says now, as far as the look can tell: never later than it does."""
        return look.link.seen_at + timedelta(seconds=self._tick() - look.ended)

    def forget(self, link_id: UUID) -> None:
        """A link has changed, and the change is committed: whoever looks from now on sees it."""
        code_hash = hash_of(self._keys, code_of(self._keys, link_id))
        self._kept.pop(code_hash, None)
        self._reading.pop(code_hash, None)  # those who asked before are answered with what they asked for

    def forget_all(self) -> None:
        """As `forget`, for what may have changed many links."""
        self._kept.clear()
        self._reading.clear()

    async def close(self) -> None:
        """Whoever still waits is not answered."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _find(self, code_hash: bytes) -> Look | None:
        kept = self._kept.get(code_hash)
        if kept is not None and self._is_young(kept.began):
            return kept
        return await asyncio.shield(self._ask(code_hash))  # who hangs up takes nobody else along

    def _is_young(self, began: float) -> bool:
        return self._tick() - began < KEPT_SECONDS

    def _ask(self, code_hash: bytes) -> "asyncio.Future[Look | None]":
        """The answer of the read that is under way, else of the next."""
        if code_hash in self._reading and self._is_young(self._began):
            return self._reading[code_hash]
        if code_hash not in self._waiting:
            self._waiting[code_hash] = asyncio.get_running_loop().create_future()
            if self._reader is None or self._reader.done():
                self._reader = asyncio.create_task(self._read_waiting())
        return self._waiting[code_hash]

    async def _read_waiting(self) -> None:
        while self._waiting:
            taken = dict(list(self._waiting.items())[:MAX_BATCH])
            for code_hash in taken:
                del self._waiting[code_hash]
            self._reading, self._began = dict(taken), self._tick()
            try:
                await self._answer(taken)
            except Exception as error:
                for future in taken.values():
                    future.set_exception(error)
            finally:
                self._reading = {}
                for future in taken.values():
                    future.cancel()  # of those who are answered, nothing

    async def _answer(self, asked: Mapping[bytes, "asyncio.Future[Look | None]"]) -> None:
        found = await self._read(list(asked))
        ended = self._tick()
        for code_hash, future in asked.items():
            link = found.get(code_hash)
            look = None if link is None else Look(code_hash, link, self._began, ended)
            if look is not None and code_hash in self._reading:  # else it has changed since
                self._keep(look)
            future.set_result(look)

    def _keep(self, look: Look) -> None:
        self._kept.pop(look.code_hash, None)
        while len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[look.code_hash] = look
