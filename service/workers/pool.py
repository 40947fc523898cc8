"""A renderer process seen from the event loop: start, make works, cancel one, kill when stuck."""

import asyncio
import contextlib
import itertools
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final, Protocol

import structlog

from service.jobs.products import Made, Order
from service.workers.messages import Broken, Cancel, Done, News, Passed, Ready, Start, Stepped, Told, Wish

log = structlog.get_logger()

RENDERER: Final = "service.workers.renderer"
LANE_VARIABLE: Final = "HUAJIAN_LANE"  # which of a worker's renderers this is, to choose a device by


class RendererLostError(Exception):
    """The process died, hung or could not start; a new one is started for what comes next."""


class Listener(Protocol):
    """Who is told how one work comes along; called in the event loop."""

    def stepped(self, step: int, steps: int) -> None: ...

    def told(self, text: str) -> None: ...


class MakesWorks(Protocol):
    """A renderer, wherever it runs: a child process, or an actor on another machine."""

    @property
    def is_running(self) -> bool: ...

    async def start(self) -> Mapping[str, int]:
        """What it offers: the largest pass by kind. Raises: RendererLostError."""
        ...

    def next_number(self) -> int:
        """A number for an attempt, never used before."""
        ...

    async def make(self, number: int, order: Order, listener: Listener) -> Made:
        """Make one work; others may be in hand. Raises: RendererLostError."""
        ...

    def cancel(self, number: int) -> None:
        """Ask to drop one work at its next step."""
        ...

    async def stop(self) -> None:
        """End it, whatever it has in hand."""
        ...


@dataclass(slots=True)
class Attempt:
    """One work in the renderer's hands."""

    listener: Listener
    made: "asyncio.Future[Made]"


class Desk:
    """What a renderer was given and has not brought back. One for each of its lives."""

    def __init__(self, watch: Callable[[Passed], None]) -> None:
        self.ready: asyncio.Future[Mapping[str, int]] = asyncio.get_running_loop().create_future()
        self.attempts: dict[int, Attempt] = {}
        self._watch = watch

    def hear(self, news: News) -> None:
        """Pass one piece of news on to whom it concerns."""
        match news:
            case Ready(offers):
                self.ready.set_result(offers)
            case Broken(detail):
                self.lose(f"did not start: {detail}")
            case Passed():
                self._watch(news)
            case Stepped(number, step, steps) if number in self.attempts:
                self.attempts[number].listener.stepped(step, steps)
            case Told(number, text) if number in self.attempts:
                self.attempts[number].listener.told(text)
            case Done(number, made) if number in self.attempts:
                self.attempts.pop(number).made.set_result(made)

    def lose(self, why: str) -> None:
        """Tell everybody who waits that nothing will come."""
        attempts, self.attempts = list(self.attempts.values()), {}
        for attempt in attempts:
            attempt.made.set_exception(RendererLostError(why))
        if not self.ready.done():
            self.ready.set_exception(RendererLostError(why))
            self.ready.exception()  # heard: nobody may be waiting for it any more


class Renderer:
    """One child process, which makes several works at once where its device does."""

    def __init__(
        self,
        producer: str,
        *,
        silence_seconds: float,
        start_seconds: float,
        lane: int = 0,
        watch: Callable[[Passed], None] = lambda _: None,
    ) -> None:
        """`producer`: "module:function" that makes a WorkMaker; looked up in the child only, so that what
        it imports (fonts, tensors) never weighs on this process.
        """
        self._producer = producer
        self._silence_seconds = silence_seconds
        self._start_seconds = start_seconds
        self._lane = lane
        self._watch = watch
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._desk: Desk | None = None
        self._heard_at = 0.0

    async def start(self) -> Mapping[str, int]:
        """Start the process; what it offers: the largest pass by kind. Raises: RendererLostError."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.to_thread(_spawn, self._producer, theirs.fileno(), self._lane)
        self._connection = Connection(ours.detach())
        self._desk = desk = Desk(self._watch)
        loop = asyncio.get_running_loop()
        hear = _calling(loop, self._hear, desk)
        threading.Thread(target=_listen, args=(self._connection, hear), daemon=True).start()
        try:
            async with asyncio.timeout(self._start_seconds):
                return await desk.ready
        except TimeoutError:
            raise await self._lost(f"was not ready after {self._start_seconds:.0f} s") from None
        except RendererLostError as error:
            raise await self._lost(str(error)) from None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def make(self, number: int, order: Order, listener: Listener) -> Made:
        """Make one work; others may be in hand.

        Raises: RendererLostError; the process is gone, and with it everything it had in hand.
        """
        desk, loop = self._desk, asyncio.get_running_loop()
        if desk is None or not self.is_running:
            raise RendererLostError("is not running")
        if not desk.attempts:
            self._heard_at = loop.time()
        made: asyncio.Future[Made] = loop.create_future()
        desk.attempts[number] = Attempt(listener, made)
        self._send(Start(number, order))
        try:
            while not made.done():
                await asyncio.wait({made}, timeout=self._silence_seconds / 4)
                if not made.done() and loop.time() - self._heard_at > self._silence_seconds:
                    await self._lost(f"said nothing for {self._silence_seconds:.0f} s")
            return await made
        finally:
            desk.attempts.pop(number, None)

    def next_number(self) -> int:
        """A number for an attempt, never used before."""
        return next(self._numbers)

    def cancel(self, number: int) -> None:
        """Ask to drop one work at its next step."""
        self._send(Cancel(number))

    async def stop(self) -> None:
        """End the child. It owns nothing that must be saved, and its death is what ends the listener."""
        process, self._process, self._connection = self._process, None, None
        desk, self._desk = self._desk, None
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.wait)
        if desk is not None:
            desk.lose("was stopped")

    def _hear(self, desk: Desk, news: News | None) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        if news is None:
            desk.lose("died")
        else:
            desk.hear(news)

    def _send(self, wish: Wish) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):  # a dead child is noticed by the one who waits for it
                self._connection.send(wish)

    async def _lost(self, why: str) -> RendererLostError:
        """Kill it and tell everybody why."""
        if self._desk is not None:
            self._desk.lose(why)
        await self.stop()
        log.error("renderer.lost", why=why)
        return RendererLostError(why)


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


def _calling(
    loop: asyncio.AbstractEventLoop, hear: Callable[[Desk, News | None], None], desk: Desk
) -> Callable[[News | None], None]:
    """From the listener's thread to the loop's."""

    def call(news: News | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before us
            loop.call_soon_threadsafe(hear, desk, news)

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
