"""A renderer in a child process of this machine, over an inherited socket."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Final

import structlog

from service.workers.links import LANE_VARIABLE, Hear
from service.workers.messages import News, Wish

log = structlog.get_logger()

RENDERER: Final = "service.workers.renderer"


class ProcessLink:
    """Implements `service.workers.links.Link`.

    producer: "module:function" that makes a WorkMaker; looked up in the child only, so that what it imports
        (fonts, tensors) never weighs on this process.
    """

    def __init__(self, producer: str, *, lane: int = 0) -> None:
        self._producer = producer
        self._lane = lane
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    @property
    def is_open(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def open(self, hear: Hear) -> None:
        ours, theirs = socket.socketpair()

        def spawn() -> None:
            self._process = _spawn(self._producer, theirs.fileno(), self._lane)

        with ours, theirs:
            spawning = asyncio.create_task(asyncio.to_thread(spawn))
            try:
                await asyncio.shield(spawning)
            except asyncio.CancelledError:
                await asyncio.wait({spawning})  # a thread cannot be interrupted: `close` ends what it began
                raise
            self._connection = Connection(ours.detach())
        call = _calling(asyncio.get_running_loop(), hear)
        threading.Thread(target=_listen, args=(self._connection, call), daemon=True).start()

    def send(self, wish: Wish) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.send(wish)

    async def close(self) -> None:
        process, self._process, self._connection = self._process, None, None
        if process is not None:
            process.kill()  # its death is what ends the listener
            await asyncio.to_thread(process.wait)


def _spawn(producer: str, descriptor: int, lane: int) -> "subprocess.Popen[bytes]":
    """A fresh interpreter that imports only what it needs: multiprocessing would import our `__main__`."""
    command = [sys.executable, "-m", RENDERER, producer, str(descriptor)]
    # Its own process group: Ctrl-C in a terminal is for us, and we tell it by hanging up.
    return subprocess.Popen(  # noqa: S603
        command,
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        process_group=0,
        env={**os.environ, LANE_VARIABLE: str(lane)},
    )


def _calling(loop: asyncio.AbstractEventLoop, hear: Hear) -> Callable[[News | None], None]:
    """From the listener's thread to the loop's."""

    def call(news: News | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before us
            loop.call_soon_threadsafe(hear, news)

    return call


def _listen(connection: Connection, hear: Callable[[News | None], None]) -> None:
    """Runs in a thread: moves news from the pipe to the loop; None says that the child is gone.

    Only this thread reads and closes the connection: closing it under a reader would let the reader wake
    up on somebody else's file.
    """
    with connection:
        while True:
            try:
                news: News | None = connection.recv()
            except (EOFError, OSError):
                news = None
            except Exception:  # not one of our messages: somebody else wrote into the pipe
                log.exception("renderer.unreadable")
                news = None
            hear(news)
            if news is None:
                return
