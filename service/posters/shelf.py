"""Pictures of links: drawn in a process of their own, then kept in the store."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog

from service.posters.errors import PosterUnavailableError
from service.posters.subjects import MEDIA_TYPE, Subject
from service.storage.store import FileStore

log = structlog.get_logger()

CHILD: Final = "service.posters.drawing"
TIMEOUT_SECONDS: Final = 30.0  # drawing takes one; this machine may be busy
MOST_AT_ONCE: Final = 1  # a core each
MOST_WAITING: Final = 8  # who comes later is told to, instead of holding a connection
INHERITED: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")  # our secrets are none of its business

ReadWork = Callable[[], Awaitable[bytes]]


class PosterShelf:
    """One per process; `get` from any task.

    fonts: the folder of fonts, absolute.
    """

    def __init__(self, store: FileStore, fonts: Path) -> None:
        self._store = store
        self._environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self._environment["HUAJIAN_FONTS_DIR"] = str(fonts)
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._drawing: dict[str, asyncio.Task[bytes]] = {}

    async def find(self, subject: Subject) -> bytes | None:
        """The picture, when it was drawn before."""
        try:
            return await self._store.read_whole(subject.key)
        except FileNotFoundError:
            return None

    async def draw(self, subject: Subject, read_work: ReadWork, *, is_kept: bool) -> bytes:
        """Draw it; whoever asks for the same meanwhile gets the same.

        Args:
            read_work: gives the file of the work that is shown, b"" for none.
            is_kept: for others to find. Not where the address on it is only what one client called us.
        Raises: PosterUnavailableError.
        """
        name = f"{subject.key} {subject.url}"
        task = self._drawing.get(name)
        if task is None:
            if len(self._drawing) >= MOST_WAITING:
                raise PosterUnavailableError("Many pictures are being drawn; please come back in a moment.")
            task = asyncio.create_task(self._make(subject, read_work, is_kept=is_kept))
            self._drawing[name] = task
            task.add_done_callback(lambda _: self._drawing.pop(name, None))
        return await asyncio.shield(task)  # who hangs up does not take it from the others

    async def _make(self, subject: Subject, read_work: ReadWork, *, is_kept: bool) -> bytes:
        work = await read_work()
        async with self._turns:
            jpeg = await self._ask_child(subject, work)
        if not jpeg:
            raise PosterUnavailableError("This picture could not be drawn.")
        if is_kept:
            await self._store.put(subject.key, jpeg, media_type=MEDIA_TYPE)
        return jpeg

    async def _ask_child(self, subject: Subject, work: bytes) -> bytes:
        """What the child printed; nothing when it died or took too long."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            CHILD,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for us
            env=self._environment,
        )
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                jpeg, complaint = await process.communicate(subject.to_line() + work)
        except TimeoutError:
            log.warning("poster.timed_out", link_id=str(subject.link_id))
            return b""
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            log.warning("poster.failed", link_id=str(subject.link_id), complaint=complaint[-500:].decode())
            return b""
        return jpeg
