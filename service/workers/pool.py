"""A renderer process seen from the event loop: start, run one batch, cancel a member, kill when stuck."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final

import structlog

from service.jobs.products import Made, Order
from service.workers.messages import Broken, Cancel, Done, Ready, Start, Stepped

log = structlog.get_logger()

START_SECONDS: Final = 120.0  # models load in here
RENDERER: Final = "service.workers.renderer"


class RendererLostError(Exception):
    """The process died, hung or could not start; a new one is started for the next batch."""


class Renderer:
    """One child process. `run` is called by one task at a time."""

    def __init__(self, producer: str, *, silence_seconds: float) -> None:
        """`producer`: "module:function" that makes a Producer; looked up in the child only, so that what
        it imports (fonts, tensors) never weighs on this process.
        """
        self._producer = producer
        self._silence_seconds = silence_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._messages: asyncio.Queue[Any] = asyncio.Queue()
        self._number = 0

    async def start(self) -> dict[str, int]:
        """Start the process if it is not running; what it offers: largest batch by kind.

        Raises: RendererLostError.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.to_thread(_spawn, self._producer, theirs.fileno())
        self._connection = Connection(ours.detach())
        self._messages = asyncio.Queue()
        loop = asyncio.get_running_loop()
        threading.Thread(target=_listen, args=(self._connection, loop, self._messages), daemon=True).start()
        ready = await self._receive(START_SECONDS)
        if not isinstance(ready, Ready):
            raise await self._lost(f"did not start: {ready}")
        return ready.offers

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def run(self, order: Order, on_step: Callable[[int, int, int], None]) -> list[Made]:
        """Make one batch.

        Args:
            on_step: called in the event loop with (index, step, steps).
        Raises: RendererLostError; the process is gone.
        """
        self._number += 1
        self._send(Start(self._number, order))
        while True:
            message = await self._receive(self._silence_seconds)
            if isinstance(message, Stepped):
                on_step(message.index, message.step, message.steps)
            elif isinstance(message, Done):
                return message.made
            else:
                raise await self._lost("died" if message is None else f"broke: {message}")

    def cancel(self, index: int) -> None:
        """Ask the running batch to drop one member at its next step."""
        self._send(Cancel(self._number, index))

    async def stop(self) -> None:
        """End the child. It owns nothing that must be saved, and its death is what ends the listener."""
        process, self._process, self._connection = self._process, None, None
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.wait)

    def _send(self, message: Start | Cancel) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):  # a dead child is noticed by the one who waits for it
                self._connection.send(message)

    async def _receive(self, seconds: float) -> Ready | Stepped | Done | Broken | None:
        try:
            async with asyncio.timeout(seconds):
                message: Ready | Stepped | Done | Broken | None = await self._messages.get()
                return message
        except TimeoutError:
            raise await self._lost(f"said nothing for {seconds:.0f} s") from None

    async def _lost(self, why: str) -> RendererLostError:
        await self.stop()
        log.error("renderer.lost", why=why)
        return RendererLostError(why)


def _spawn(producer: str, descriptor: int) -> "subprocess.Popen[bytes]":
    """A fresh interpreter that imports only what it needs: multiprocessing would import our `__main__`."""
    command = [sys.executable, "-m", RENDERER, producer, str(descriptor)]
    # Its own process group: Ctrl-C in a terminal is for us, and we tell it by hanging up.
    return subprocess.Popen(  # noqa: S603
        command, pass_fds=[descriptor], stdin=subprocess.DEVNULL, process_group=0
    )


def _listen(connection: Connection, loop: asyncio.AbstractEventLoop, messages: asyncio.Queue[Any]) -> None:
    """Runs in a thread: moves messages from the pipe to the loop; None says that the child is gone.

    Only this thread reads and closes the connection: closing it under a reader would let the reader wake
    up on somebody else's file.
    """
    message: Any = None
    with connection:
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError):
                message = None
            except Exception:  # not one of our messages: somebody else wrote into the pipe
                log.exception("renderer.unreadable")
                message = None
            with contextlib.suppress(RuntimeError):  # the loop has ended before us
                loop.call_soon_threadsafe(messages.put_nowait, message)
            if message is None:
                return
